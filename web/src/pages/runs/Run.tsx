import { ActionIcon, Menu, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useMemo, useState } from 'react';
import { Link } from 'wouter';

import { api, toNumber } from '~/api/client';
import { experimentQuery, runQuery, runVersionsQuery } from '~/api/queries';
import type { Run as RunShape } from '~/api/schema';
import { colorOf } from '~/charts/palette';
import { rank } from '~/app/rank';
import { confirm, useRename } from '~/ui/dialogs';
import { formatCount, formatDuration, formatMetric } from '~/ui/format';
import { Icon } from '~/ui/Icon';
import { PageHead, Tabs } from '~/ui/PageHead';
import { Copy, Loaded, Waiting } from '~/ui/states';
import { Status } from '~/ui/Status';
import { Ago, useNow } from '~/ui/time';
import { say } from '~/ui/toast';
import { Artifacts } from './Artifacts';

const MetricCharts = lazy(() => import('~/charts/MetricCharts').then((module) => ({ default: module.MetricCharts })));

export default function Run({ id, tab, rest }: { id: string; tab: string; rest: string }) {
  const query = useQuery(runQuery(id));
  return <Loaded of={query} what="the run">{(run) => <View run={run} tab={tab} rest={rest} />}</Loaded>;
}

function View({ run, tab, rest }: { run: RunShape; tab: string; rest: string }) {
  const experiment = useQuery(experimentQuery(run.experiment_id));
  const address = `/runs/${run.id}`;
  const charted = useMemo(() => [{ id: run.id, name: run.name, color: colorOf(0), running: run.status === 'RUNNING' }], [run.id, run.name, run.status]);
  const keys = useMemo(() => run.metrics.map((metric) => metric.key), [run.metrics]);
  return (
    <div className="page">
      <PageHead
        title={run.name || run.id}
        crumbs={[
          { label: 'Experiments', to: '/experiments' },
          { label: experiment.data?.name ?? run.experiment_id, to: `/experiments/${run.experiment_id}` },
        ]}
        after={
          <>
            <Status status={run.status} />
            {run.lifecycle === 'deleted' && <span className="tag bad">deleted</span>}
          </>
        }
        actions={<Actions run={run} />}
      />
      <Tabs
        at={tab}
        tabs={[
          { id: 'overview', label: 'Overview', to: address },
          { id: 'charts', label: 'Charts', to: `${address}/charts` },
          { id: 'artifacts', label: 'Artifacts', to: `${address}/artifacts` },
        ]}
      />
      {tab === 'charts' ? (
        <Suspense fallback={<Waiting what="charts" />}>
          <MetricCharts runs={charted} keys={keys} />
        </Suspense>
      ) : tab === 'artifacts' ? (
        <Artifacts
          noun={address}
          path={rest}
          empty={{ title: 'No artifacts', command: `mlflow.log_artifact("plot.png", run_id="${run.id}")` }}
        />
      ) : (
        <Overview run={run} />
      )}
    </div>
  );
}

function Actions({ run }: { run: RunShape }) {
  const queries = useQueryClient();
  const again = () => {
    void queries.invalidateQueries({ queryKey: ['run', run.id] });
    void queries.invalidateQueries({ queryKey: ['runs'] });
  };
  const rename = useRename('run', run.name, (name) => api.patch(`/runs/${run.id}`, { name }).then(again));
  const change = useMutation({
    mutationFn: (act: 'delete' | 'restore') => (act === 'delete' ? api.delete(`/runs/${run.id}`) : api.post(`/runs/${run.id}/restore`)),
    onSuccess: again,
  });
  return (
    <>
      <Menu position="bottom-end" width={190}>
        <Menu.Target>
          <ActionIcon aria-label="Run actions">
            <Icon name="dots" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={rename.open}>Rename…</Menu.Item>
          <Menu.Item
            onClick={() => {
              void navigator.clipboard.writeText(run.id);
              say('Copied the id');
            }}
          >
            Copy id
          </Menu.Item>
          <Menu.Divider />
          {run.lifecycle === 'deleted' ? (
            <Menu.Item onClick={() => change.mutate('restore')}>Restore</Menu.Item>
          ) : (
            <Menu.Item
              color="red"
              onClick={() =>
                confirm({
                  title: `Delete ${run.name}?`,
                  text: 'It can be restored until `maru gc` has run.',
                  yes: 'Delete',
                  act: () => change.mutate('delete'),
                })
              }
            >
              Delete…
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {rename.dialog}
    </>
  );
}

export function RunDuration({ run }: { run: { start_ms: number; end_ms?: number; status: string } }) {
  const now = useNow();
  const end = run.end_ms || (run.status === 'RUNNING' ? Math.max(now, run.start_ms) : 0);
  return <>{end ? formatDuration(end - run.start_ms) : '–'}</>;
}

function Overview({ run }: { run: RunShape }) {
  const versions = useQuery(runVersionsQuery(run.id)).data?.versions ?? [];
  const params = Object.entries(run.params);
  const tags = Object.entries(run.tags).filter(([key]) => !key.startsWith('mlflow.'));
  const note = run.tags['mlflow.note.content'];
  const commit = run.tags['mlflow.source.git.commit'];
  return (
    <div className="scroll">
      <div className="body split">
        <div className="cards">
          {note && <div className="panel pad prose" style={{ padding: 12, whiteSpace: 'pre-wrap' }}>{note}</div>}
          <PairTable
            title="Metrics"
            rows={run.metrics.map((metric) => ({
              key: metric.key,
              value: <span title={String(metric.value)}>{formatMetric(toNumber(metric.value))}</span>,
              text: String(metric.value),
              extra: metric.step ? `step ${formatCount(metric.step)}` : '',
            }))}
            numeric
            none="No metrics yet. They appear while the run goes on."
          />
          <PairTable title="Params" rows={params.map(([key, value]) => ({ key, value, text: value }))} none="No params." />
        </div>
        <div className="cards">
          <section className="panel">
            <div className="pad">
              <dl className="facts">
                <dt>Started</dt>
                <dd>
                  <Ago ms={run.start_ms} />
                </dd>
                <dt>Duration</dt>
                <dd>
                  <RunDuration run={run} />
                </dd>
                {run.user && (
                  <>
                    <dt>User</dt>
                    <dd>{run.user}</dd>
                  </>
                )}
                {run.tags['mlflow.source.name'] && run.tags['mlflow.source.name'] !== '-' && (
                  <>
                    <dt>Source</dt>
                    <dd className="mono">{run.tags['mlflow.source.name'].split('/').at(-1)}</dd>
                  </>
                )}
                {commit && (
                  <>
                    <dt>Commit</dt>
                    <dd className="row mono">
                      {commit.slice(0, 10)}
                      <Copy text={commit} what="Copy the commit" />
                    </dd>
                  </>
                )}
                {run.tags['mlflow.parentRunId'] && (
                  <>
                    <dt>Parent</dt>
                    <dd>
                      <Link className="link mono" href={`/runs/${run.tags['mlflow.parentRunId']}`}>
                        {run.tags['mlflow.parentRunId'].slice(0, 12)}
                      </Link>
                    </dd>
                  </>
                )}
                <dt>Id</dt>
                <dd className="row mono" style={{ gap: 2 }}>
                  <span className="ellipsis">{run.id.slice(0, 16)}…</span>
                  <Copy text={run.id} what="Copy the id" />
                </dd>
              </dl>
            </div>
          </section>
          {(versions.length > 0 || run.datasets.length > 0) && (
            <section className="panel">
              <header>
                <h2>Neighbours</h2>
              </header>
              <div className="pad chain">
                {run.datasets.map((input) => (
                  <div key={input.name + input.digest} className="row">
                    <span className="faint">trained on</span>
                    <span className="ellipsis grow" title={`${input.source_type} ${input.digest}`}>
                      {input.name}
                    </span>
                    <span className="mono faint">{input.digest.slice(0, 8)}</span>
                  </div>
                ))}
                {versions.map((version) => (
                  <div key={`${version.name}/${version.version}`} className="row">
                    <span className="faint">became</span>
                    <Link className="link ellipsis" href={`/models/${encodeURIComponent(version.name)}/versions/${version.version}`}>
                      {version.name} {version.version}
                    </Link>
                  </div>
                ))}
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

interface Pair {
  key: string;
  value: ReactNode;
  text: string;
  extra?: string;
}

export function PairTable({ title, rows, none, numeric }: { title: string; rows: Pair[]; none: string; numeric?: boolean }) {
  const [text, setText] = useState('');
  const [all, setAll] = useState(false);
  const found = useMemo(() => (text ? rank(rows, text, (row) => row.key) : rows), [rows, text]);
  const shown = all ? found : found.slice(0, 60);
  return (
    <section className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <span className="faint">{rows.length || ''}</span>
        <span className="grow" />
        {rows.length > 10 && (
          <TextInput
            size="xs"
            w={180}
            aria-label={`Find in ${title.toLowerCase()}`}
            placeholder="Find"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
      </header>
      {rows.length === 0 ? (
        <div className="pad muted">{none}</div>
      ) : (
        <table className="list pairs">
          <tbody>
            {shown.map((row) => (
              <tr key={row.key}>
                <td className="muted" style={{ width: '45%' }}>
                  {row.key}
                </td>
                <td className={numeric ? 'num' : undefined} style={{ overflowWrap: 'anywhere' }}>
                  {row.value}
                </td>
                {numeric && (
                  <td className="num faint" style={{ width: 110 }}>
                    {row.extra}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {found.length > shown.length && (
        <div className="pad">
          <button type="button" className="plain" onClick={() => setAll(true)}>
            Show all {formatCount(found.length)}
          </button>
        </div>
      )}
    </section>
  );
}
