import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';

import { toNumber } from '~/api/client';
import { modelQuery, runQuery, signatureQuery, versionQuery } from '~/api/queries';
import type { Field, Model, Version as VersionShape } from '~/api/schema';
import { formatMetric } from '~/ui/format';
import { Icon } from '~/ui/Icon';
import { PageHead, Tabs } from '~/ui/PageHead';
import { Command, Copy, Loaded } from '~/ui/states';
import { Ago } from '~/ui/time';
import { Deploy } from '../endpoints/Deploy';
import { Artifacts } from '../runs/Artifacts';
import { PairTable } from '../runs/Run';
import { AliasMenu } from './Aliases';

interface Props {
  name: string;
  version: string;
  tab: string;
  rest: string;
}

export default function Version(props: Props) {
  const version = useQuery(versionQuery(props.name, props.version));
  const model = useQuery(modelQuery(props.name));
  return (
    <Loaded of={version} what="the version">
      {(found) => <Loaded of={model} what="the model">{(its) => <View version={found} model={its} {...{ tab: props.tab, rest: props.rest }} />}</Loaded>}
    </Loaded>
  );
}

function View({ version, model, tab, rest }: { version: VersionShape; model: Model; tab: string; rest: string }) {
  const home = `/models/${encodeURIComponent(version.name)}`;
  const address = `${home}/versions/${version.version}`;
  return (
    <div className="page">
      <PageHead
        title={`${version.name} ${version.version}`}
        crumbs={[
          { label: 'Models', to: '/models' },
          { label: version.name, to: home },
        ]}
        after={
          <>
            {version.aliases.map((alias) => (
              <span key={alias} className="tag accent">
                {alias}
              </span>
            ))}
            {version.stage !== 'None' && <span className="tag">{version.stage}</span>}
          </>
        }
        actions={
          <>
            <DeployButton version={version} />
            <AliasMenu model={model} version={version} />
          </>
        }
        sub={version.description && <span>{version.description}</span>}
      />
      <Tabs
        at={tab}
        tabs={[
          { id: 'overview', label: 'Overview', to: address },
          { id: 'artifacts', label: 'Artifacts', to: `${address}/artifacts` },
        ]}
      />
      {tab === 'artifacts' ? (
        <Artifacts noun={address} path={rest} empty={{ title: 'No artifacts' }} />
      ) : (
        <Overview version={version} />
      )}
    </div>
  );
}

function DeployButton({ version }: { version: VersionShape }) {
  const [opened, setOpened] = useState(false);
  const alias = version.aliases[0];
  return (
    <>
      <Button variant="default" leftSection={<Icon name="endpoints" size={13} />} onClick={() => setOpened(true)}>
        Deploy
      </Button>
      <Deploy opened={opened} onClose={() => setOpened(false)} uri={`models:/${version.name}${alias ? `@${alias}` : `/${version.version}`}`} />
    </>
  );
}

function Overview({ version }: { version: VersionShape }) {
  const run = useQuery({ ...runQuery(version.run_id), enabled: version.run_id !== '' });
  const signature = useQuery(signatureQuery(version.name, version.version));
  const alias = version.aliases[0];
  const tags = Object.entries(version.tags);
  return (
    <div className="scroll">
      <div className="body split">
        <div className="cards">
          {run.data && run.data.metrics.length > 0 && (
            <PairTable
              title="Metrics of its run"
              numeric
              none=""
              rows={run.data.metrics.map((metric) => ({
                key: metric.key,
                value: formatMetric(toNumber(metric.value)),
                text: String(metric.value),
              }))}
            />
          )}
          <section className="panel" aria-label="Signature">
            <header>
              <h2>Signature</h2>
            </header>
            {signature.data && signature.data.inputs.length + signature.data.outputs.length > 0 ? (
              <div className="signature">
                <Fields title="Inputs" fields={signature.data.inputs} />
                <Fields title="Outputs" fields={signature.data.outputs} />
              </div>
            ) : (
              <div className="pad muted">
                {signature.error ? signature.error.message : signature.data ? 'The model was logged without a signature; log it with infer_signature or an input example to get one.' : ''}
              </div>
            )}
          </section>
          <section className="panel">
            <header>
              <h2>Use it</h2>
            </header>
            <div className="pad cards" style={{ gap: 8 }}>
              <Command text={`mlflow.pyfunc.load_model("models:/${version.name}${alias ? `@${alias}` : `/${version.version}`}")`} />
            </div>
          </section>
        </div>
        <div className="cards">
          <section className="panel">
            <div className="pad">
              <dl className="facts">
                <dt>Created</dt>
                <dd>
                  <Ago ms={version.created_ms} />
                </dd>
                {version.user && (
                  <>
                    <dt>By</dt>
                    <dd>{version.user}</dd>
                  </>
                )}
                <dt>Source</dt>
                <dd className="mono row">
                  <span className="ellipsis" title={version.source}>
                    {version.source}
                  </span>
                  <Copy text={version.source} />
                </dd>
              </dl>
            </div>
          </section>
          {version.run_id && (
            <section className="panel">
              <header>
                <h2>Neighbours</h2>
              </header>
              <div className="pad chain">
                <div className="row">
                  <span className="faint">made by</span>
                  <Link className="link ellipsis" href={`/runs/${version.run_id}`}>
                    {run.data?.name ?? version.run_id.slice(0, 8)}
                  </Link>
                </div>
              </div>
            </section>
          )}
          {tags.length > 0 && (
            <section className="panel">
              <header>
                <h2>Tags</h2>
              </header>
              <div className="pad row wrap" style={{ gap: 5 }}>
                {tags.map(([key, value]) => (
                  <span key={key} className="tag" title={`${key}: ${value}`}>
                    <span className="faint">{key}</span>
                    <span className="ellipsis">{value}</span>
                  </span>
                ))}
              </div>
            </section>
          )}
        </div>
      </div>
    </div>
  );
}

function Fields({ title, fields }: { title: string; fields: Field[] }) {
  return (
    <div>
      <h3 style={{ padding: '8px 12px 2px' }}>{title}</h3>
      <table className="list">
        <tbody>
          {fields.map((field, i) => (
            <tr key={field.name || i}>
              <td>{field.name || <span className="faint">unnamed</span>}</td>
              <td className="num mono muted">
                {field.type}
                {field.shape.length > 0 && ` [${field.shape.join(', ')}]`}
                {!field.required && ' optional'}
              </td>
            </tr>
          ))}
          {fields.length === 0 && (
            <tr>
              <td className="muted">not given</td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
