import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { toNumber } from '~/api/client';
import { runQuery, signatureQuery } from '~/api/queries';
import type { Model, Run, Signature, Version } from '~/api/schema';
import { formatMetric, formatTime } from '~/ui/format';
import { Empty } from '~/ui/states';
import { useAddress } from '~/ui/useAddress';

// Two versions side by side: what they were made from, how well they do, what they take and give.
export function Diff({ model, versions }: { model: Model; versions: Version[] }) {
  const [address, setAddress] = useAddress();
  const champion = model.aliases.find((alias) => alias.alias === 'champion')?.version;
  const to = address.get('to') ?? versions[0]?.version;
  const from = address.get('from') ?? (champion !== to ? champion : undefined) ?? versions.find((v) => v.version !== to)?.version;
  if (versions.length < 2) return <Empty title="Nothing to compare yet">This model has one version. The next one can be compared with it.</Empty>;
  const choices = versions.map((version) => ({
    value: version.version,
    label: `Version ${version.version}${version.aliases.length ? ` (${version.aliases.join(', ')})` : ''}`,
  }));
  const a = versions.find((version) => version.version === from);
  const b = versions.find((version) => version.version === to);
  return (
    <div className="scroll">
      <div className="bar">
        <Select size="xs" w={220} aria-label="From" data={choices} value={from ?? null} onChange={(v) => v && setAddress({ from: v, to: to ?? null })} />
        <span className="faint">to</span>
        <Select size="xs" w={220} aria-label="To" data={choices} value={to ?? null} onChange={(v) => v && setAddress({ to: v, from: from ?? null })} />
      </div>
      {a && b ? <Sides a={a} b={b} /> : <Empty title="Choose two versions" />}
    </div>
  );
}

function Sides({ a, b }: { a: Version; b: Version }) {
  const runA = useQuery({ ...runQuery(a.run_id), enabled: a.run_id !== '' });
  const runB = useQuery({ ...runQuery(b.run_id), enabled: b.run_id !== '' });
  const signatureA = useQuery(signatureQuery(a.name, a.version));
  const signatureB = useQuery(signatureQuery(b.name, b.version));
  return (
    <table className="list compare">
      <thead>
        <tr>
          <th />
          <th>Version {a.version}</th>
          <th>Version {b.version}</th>
          <th className="num">Change</th>
        </tr>
      </thead>
      <tbody>
        <Text label="Created" a={formatTime(a.created_ms)} b={formatTime(b.created_ms)} />
        <Text label="Run" a={runA.data?.name ?? a.run_id} b={runB.data?.name ?? b.run_id} />
        <Text label="Description" a={a.description} b={b.description} />
        {runA.data && runB.data && <Metrics a={runA.data} b={runB.data} />}
        {runA.data && runB.data && <Texts label="Params" a={runA.data.params} b={runB.data.params} />}
        <Texts label="Inputs" a={fields(signatureA.data?.inputs)} b={fields(signatureB.data?.inputs)} />
        <Texts label="Outputs" a={fields(signatureA.data?.outputs)} b={fields(signatureB.data?.outputs)} />
        <Texts label="Tags" a={a.tags} b={b.tags} />
      </tbody>
    </table>
  );
}

function fields(list: Signature['inputs'] | undefined): Record<string, string> {
  return Object.fromEntries((list ?? []).map((field, i) => [field.name || `#${i + 1}`, `${field.type}${field.shape.length ? ` [${field.shape.join(', ')}]` : ''}`]));
}

function Text({ label, a, b }: { label: string; a: string | undefined; b: string | undefined }) {
  const differs = a !== b;
  return (
    <tr>
      <th scope="row">{label}</th>
      <td className={differs ? 'removed' : 'muted'}>{a ?? <span className="faint">–</span>}</td>
      <td className={differs ? 'added' : 'muted'}>{b ?? <span className="faint">–</span>}</td>
      <td />
    </tr>
  );
}

function Head({ label, note }: { label: string; note?: string }) {
  return (
    <tr className="group">
      <th scope="rowgroup" colSpan={4}>
        {label} {note && <span className="faint" style={{ fontWeight: 400 }}>{note}</span>}
      </th>
    </tr>
  );
}

function Metrics({ a, b }: { a: Run; b: Run }) {
  const read = (run: Run) => new Map(run.metrics.map((metric) => [metric.key, toNumber(metric.value)]));
  const [left, right] = [read(a), read(b)];
  const keys = [...new Set([...left.keys(), ...right.keys()])].sort();
  if (keys.length === 0) return null;
  return (
    <>
      <Head label="Metrics" />
      {keys.map((key) => {
        const [x, y] = [left.get(key), right.get(key)];
        const both = typeof x === 'number' && typeof y === 'number';
        const change = both ? y - x : null;
        return (
          <tr key={key}>
            <th scope="row">{key}</th>
            <td>{x === undefined ? <span className="faint">–</span> : formatMetric(x)}</td>
            <td>{y === undefined ? <span className="faint">–</span> : formatMetric(y)}</td>
            <td className="num muted">
              {change === null || change === 0 ? '' : `${change > 0 ? '+' : ''}${formatMetric(change)}`}
              {change && x ? <span className="faint"> ({change / Math.abs(x) > 0 ? '+' : '−'}{Math.abs((100 * change) / x).toFixed(1)} %)</span> : null}
            </td>
          </tr>
        );
      })}
    </>
  );
}

function Texts({ label, a, b }: { label: string; a: Record<string, string>; b: Record<string, string> }) {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  const shown = keys.filter((key) => a[key] !== b[key]);
  if (keys.length === 0) return null;
  const same = keys.length - shown.length;
  return (
    <>
      <Head label={label} note={shown.length === 0 ? `all ${keys.length} the same` : same ? `${same} the same` : undefined} />
      {shown.map((key) => (
        <Text key={key} label={key} a={a[key]} b={b[key]} />
      ))}
    </>
  );
}
