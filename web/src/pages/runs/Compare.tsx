import { Switch } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { lazy, Suspense, useMemo } from 'react';
import { Link } from 'wouter';

import { toNumber } from '~/api/client';
import { runQuery } from '~/api/queries';
import type { Run } from '~/api/schema';
import { colorOf } from '~/charts/palette';
import { formatMetric } from '~/ui/format';
import { PageHead, Tabs } from '~/ui/PageHead';
import { Empty, Failed, Waiting } from '~/ui/states';
import { Status } from '~/ui/Status';
import { Ago } from '~/ui/time';
import { useAddress } from '~/ui/useAddress';
import { RunDuration } from './Run';

const MetricCharts = lazy(() => import('~/charts/MetricCharts').then((module) => ({ default: module.MetricCharts })));

// Runs side by side. Which ones is in the address: a comparison can be sent to someone.
export default function Compare() {
  const [address, setAddress] = useAddress();
  const ids = address.getAll('run');
  const tab = address.get('tab') ?? 'table';
  const results = useQueries({ queries: ids.map(runQuery) });
  const failed = results.find((result) => result.error);
  const runs = results.map((result) => result.data).filter((run): run is Run => run !== undefined);
  const charted = useMemo(
    () => runs.map((run, i) => ({ id: run.id, name: run.name, color: colorOf(i), running: run.status === 'RUNNING' })),
    [runs.map((run) => run.id + run.name + run.status).join()],
  );
  const keys = useMemo(() => [...new Set(runs.flatMap((run) => run.metrics.map((metric) => metric.key)))].sort(), [runs]);
  const link = (to: string) => `/compare?${ids.map((id) => `run=${id}`).join('&')}${to === 'table' ? '' : `&tab=${to}`}`;

  if (ids.length < 2) {
    return <Empty title="Choose runs to compare">Select two or more in an experiment’s table with x, then press c.</Empty>;
  }
  if (failed?.error) return <Failed error={failed.error} retry={() => void failed.refetch()} />;
  if (runs.length < ids.length) return <Waiting what="runs" />;
  const experiments = [...new Set(runs.map((run) => run.experiment_id))];
  return (
    <div className="page">
      <PageHead
        title={`Compare ${runs.length} runs`}
        crumbs={[
          { label: 'Experiments', to: '/experiments' },
          ...(experiments.length === 1 ? [{ label: 'Runs', to: `/experiments/${experiments[0]}` }] : []),
        ]}
      />
      <Tabs
        at={tab}
        tabs={[
          { id: 'table', label: 'Table', to: link('table') },
          { id: 'charts', label: 'Charts', to: link('charts') },
        ]}
      />
      {tab === 'charts' ? (
        <Suspense fallback={<Waiting what="charts" />}>
          <MetricCharts runs={charted} keys={keys} />
        </Suspense>
      ) : (
        <Table runs={runs} keys={keys} onlyDifferent={address.get('all') !== '1'} onOnlyDifferent={(only) => setAddress({ all: only ? null : '1' })} />
      )}
    </div>
  );
}

function Table(props: { runs: Run[]; keys: string[]; onlyDifferent: boolean; onOnlyDifferent: (only: boolean) => void }) {
  const { runs, onlyDifferent } = props;
  const params = [...new Set(runs.flatMap((run) => Object.keys(run.params)))].sort();
  const tags = [...new Set(runs.flatMap((run) => Object.keys(run.tags)))].filter((key) => !key.startsWith('mlflow.')).sort();
  const metric = (run: Run, key: string) => toNumber(run.metrics.find((m) => m.key === key)?.value);
  const different = (values: unknown[]) => !onlyDifferent || new Set(values).size > 1;

  const textRows = (list: string[], read: (run: Run, key: string) => string | undefined) =>
    list
      .map((key) => ({ key, values: runs.map((run) => read(run, key)) }))
      .filter((row) => different(row.values))
      .map((row) => (
        <tr key={row.key}>
          <th scope="row">{row.key}</th>
          {row.values.map((value, i) => (
            <td key={i} className={new Set(row.values).size > 1 ? 'differs' : undefined}>
              {value ?? <span className="faint">–</span>}
            </td>
          ))}
        </tr>
      ));
  const paramRows = textRows(params, (run, key) => run.params[key]);
  const tagRows = textRows(tags, (run, key) => run.tags[key]);
  const metricRows = props.keys
    .map((key) => ({ key, values: runs.map((run) => metric(run, key)) }))
    .filter((row) => different(row.values))
    .map((row) => {
      const numbers = row.values.filter((v): v is number => v !== null && Number.isFinite(v));
      const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
      return (
        <tr key={row.key}>
          <th scope="row">{row.key}</th>
          {row.values.map((value, i) => (
            <td key={i}>
              {value === null ? (
                <span className="faint">–</span>
              ) : (
                <span className="meter">
                  <span>{formatMetric(value)}</span>
                  <i style={{ width: `${high > low ? 6 + (94 * (value - low)) / (high - low) : 100}%`, background: colorOf(i) }} />
                </span>
              )}
            </td>
          ))}
        </tr>
      );
    });

  return (
    <div className="scroll">
      <div className="bar">
        <Switch size="xs" label="Only what differs" checked={onlyDifferent} onChange={(event) => props.onOnlyDifferent(event.currentTarget.checked)} />
      </div>
      <table className="list compare">
        <thead>
          <tr>
            <th />
            {runs.map((run, i) => (
              <th key={run.id}>
                <Link href={`/runs/${run.id}`} className="row quiet">
                  <i className="swatch" style={{ background: colorOf(i) }} />
                  {run.name}
                </Link>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Status</th>
            {runs.map((run) => (
              <td key={run.id}>
                <Status status={run.status} />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">Started</th>
            {runs.map((run) => (
              <td key={run.id}>
                <Ago ms={run.start_ms} />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">Duration</th>
            {runs.map((run) => (
              <td key={run.id}>
                <RunDuration run={run} />
              </td>
            ))}
          </tr>
          <Group label="Metrics" rows={metricRows} across={runs.length} />
          <Group label="Params" rows={paramRows} across={runs.length} />
          <Group label="Tags" rows={tagRows} across={runs.length} />
        </tbody>
      </table>
    </div>
  );
}

export function Group({ label, rows, across }: { label: string; rows: React.ReactNode[]; across: number }) {
  if (rows.length === 0) return null;
  return (
    <>
      <tr className="group">
        <th scope="rowgroup" colSpan={across + 1}>
          {label}
        </th>
      </tr>
      {rows}
    </>
  );
}
