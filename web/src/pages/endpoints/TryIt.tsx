import { Button, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { api } from '~/api/client';
import type { Endpoint, EndpointTensor } from '~/api/schema';
import { formatDuration, formatMetric } from '~/ui/format';
import { Command, Copy, Empty } from '~/ui/states';
import { firstValue, type InferTensor, readField } from './infer';

interface Answer {
  model_name: string;
  model_version: string;
  outputs: InferTensor[];
}

const kMono = { input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } };

// A form made from what the model takes; its request is an ordinary KServe v2 call that can be copied out.
export function TryIt({ endpoint }: { endpoint: Endpoint }) {
  const columns = endpoint.columns || endpoint.inputs.every((input) => input.shape.length === 1 && input.shape[0] === -1);
  const [values, setValues] = useState<Record<string, string>>(() =>
    Object.fromEntries(endpoint.inputs.map((input) => [input.name, firstValue(input, columns)])),
  );
  const [mode, setMode] = useState<'form' | 'json'>('form');
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');
  const [sent, setSent] = useState('');

  const request = () => ({
    inputs: endpoint.inputs
      .filter((input) => input.required || values[input.name] !== '')
      .map((input) => readField(values[input.name] ?? '', input, columns)),
  });
  const send = useMutation({
    mutationFn: async (body: unknown) => {
      const start = performance.now();
      const answer = await api.post<Answer>(`/v2/models/${encodeURIComponent(endpoint.name)}/infer`, body);
      return { answer, ms: performance.now() - start };
    },
  });
  const submit = () => {
    setProblem('');
    try {
      const body: unknown = mode === 'json' ? JSON.parse(text) : request();
      setSent(JSON.stringify(body));
      send.mutate(body);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const change = (next: 'form' | 'json') => {
    if (next === 'json') {
      try {
        setText(JSON.stringify(request(), null, 2));
      } catch {
        setText('{\n  "inputs": []\n}');
      }
    }
    setMode(next);
  };

  if (endpoint.revision === undefined) {
    return <Empty title="Not ready yet">{endpoint.problem || 'The form appears when the model is loaded.'}</Empty>;
  }
  return (
    <div className="body split try">
      <form
        className="panel"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <header>
          <h2>Request</h2>
          <span className="grow" />
          <SegmentedControl
            size="xs"
            value={mode}
            onChange={(value) => change(value as 'form' | 'json')}
            data={[
              { value: 'form', label: 'Form' },
              { value: 'json', label: 'JSON' },
            ]}
          />
          <Button type="submit" loading={send.isPending}>
            Send
          </Button>
        </header>
        <div className="pad">
          {mode === 'json' ? (
            <Textarea
              aria-label="Request as JSON"
              autosize
              minRows={14}
              maxRows={30}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              styles={kMono}
            />
          ) : endpoint.inputs.length === 0 ? (
            <p className="muted">The model was logged without a signature, so there is no form. Use JSON.</p>
          ) : (
            <div className={columns ? 'fields' : 'cards'}>
              {endpoint.inputs.map((input) => (
                <Field
                  key={input.name}
                  input={input}
                  column={columns}
                  value={values[input.name] ?? ''}
                  onChange={(value) => setValues((old) => ({ ...old, [input.name]: value }))}
                />
              ))}
            </div>
          )}
          {problem && (
            <p role="alert" style={{ color: 'var(--bad)', marginTop: 10 }}>
              {problem}
            </p>
          )}
        </div>
      </form>
      <div className="cards">
        <section className="panel" aria-label="Answer" aria-live="polite">
          <header>
            <h2>Answer</h2>
            <span className="grow" />
            {send.data && <span className="faint">{formatDuration(send.data.ms)} there and back</span>}
            {send.data && <Copy text={JSON.stringify(send.data.answer, null, 2)} what="Copy the answer as JSON" />}
          </header>
          <div className="pad">
            {send.error ? (
              <p style={{ color: 'var(--bad)' }}>{send.error.message}</p>
            ) : send.data ? (
              <Outputs answer={send.data.answer} />
            ) : (
              <p className="muted">Send a request; the answer appears here.</p>
            )}
          </div>
        </section>
        {send.data && <Command text={`curl ${location.origin}/v2/models/${endpoint.name}/infer \\\n  -d '${sent}'`} />}
      </div>
    </div>
  );
}

interface FieldProps {
  input: EndpointTensor;
  column: boolean;
  value: string;
  onChange: (value: string) => void;
}

function Field({ input, column, value, onChange }: FieldProps) {
  const shape = column ? '' : ` [${input.shape.map((n) => (n < 0 ? 'any' : n)).join(', ')}]`;
  const label = (
    <span className="row" style={{ gap: 6 }}>
      <span className="ellipsis">{input.name || 'input'}</span>
      <span className="faint" style={{ fontWeight: 400 }}>
        {input.datatype}
        {shape}
        {!input.required && ' optional'}
      </span>
    </span>
  );
  return column ? (
    <TextInput size="xs" label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
  ) : (
    <Textarea size="xs" label={label} autosize minRows={2} maxRows={10} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
  );
}

function Outputs({ answer }: { answer: Answer }) {
  return (
    <div className="cards" style={{ gap: 10 }}>
      {answer.outputs.map((output) => (
        <div key={output.name}>
          <div className="faint">
            {output.name} · {output.datatype} [{output.shape.join(', ')}]
          </div>
          <div className="answer">
            {output.data.slice(0, 200).map((value, i) => (
              <span key={i}>{typeof value === 'number' ? formatMetric(value) : String(value)}</span>
            ))}
            {output.data.length > 200 && <span className="faint">and {output.data.length - 200} more</span>}
          </div>
        </div>
      ))}
      <div className="faint">
        answered by {answer.model_name} {answer.model_version && `version ${answer.model_version}`}
      </div>
    </div>
  );
}
