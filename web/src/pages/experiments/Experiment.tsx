import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { useLocation } from 'wouter';

import { api, ApiError } from '~/api/client';
import { experimentQuery, keysQuery, type RunQuery } from '~/api/queries';
import type { Experiment as ExperimentShape, Keys } from '~/api/schema';
import { colorOf } from '~/charts/palette';
import { ColumnChooser } from './ColumnChooser';
import { formatCount } from '~/ui/format';
import { Icon } from '~/ui/Icon';
import { PageHead, Tabs } from '~/ui/PageHead';
import { Empty, Failed, Loaded, Waiting } from '~/ui/states';
import { confirm, useRename } from '~/ui/dialogs';
import { say } from '~/ui/toast';
import { useAddress } from '~/ui/useAddress';
import { type Column, columnOf, defaultColumns } from './columns';
import { FilterBox } from './FilterBox';
import { type Order, RunsTable } from './RunsTable';
import { type RunRow, useRunWindows } from './useRunWindows';

const MetricCharts = lazy(() => import('~/charts/MetricCharts').then((module) => ({ default: module.MetricCharts })));

const kChartedMax = 10; // without a choice of the reader's

export default function Experiment({ id, tab }: { id: string; tab: string }) {
  const query = useQuery(experimentQuery(id));
  return <Loaded of={query} what="the experiment">{(experiment) => <View experiment={experiment} tab={tab} />}</Loaded>;
}

function View({ experiment, tab }: { experiment: ExperimentShape; tab: string }) {
  const address = `/experiments/${encodeURIComponent(experiment.id)}`;
  const keys = useQuery(keysQuery(experiment.id));
  const [params] = useAddress();
  const kept = params.toString() ? `?${params}` : '';
  const description = experiment.tags['mlflow.note.content'];
  return (
    <div className="page">
      <PageHead
        title={experiment.name}
        crumbs={[{ label: 'Experiments', to: '/experiments' }]}
        after={experiment.lifecycle === 'deleted' ? <span className="tag bad">deleted</span> : undefined}
        actions={<Actions experiment={experiment} />}
        sub={description && <span className="ellipsis">{description}</span>}
      />
      <Tabs
        at={tab}
        tabs={[
          { id: 'runs', label: 'Runs', to: address + kept },
          { id: 'charts', label: 'Charts', to: `${address}/charts${kept}` },
        ]}
      />
      {keys.error ? (
        <Failed error={keys.error} retry={() => void keys.refetch()} />
      ) : keys.data ? (
        <Runs experiment={experiment} tab={tab} keys={keys.data} />
      ) : (
        <Waiting what="runs" />
      )}
    </div>
  );
}

function Actions({ experiment }: { experiment: ExperimentShape }) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const rename = useRename('experiment', experiment.name, async (name) => {
    await api.patch(`/experiments/${encodeURIComponent(experiment.id)}`, { name });
    await queries.invalidateQueries({ queryKey: ['experiment', experiment.id] });
  });
  const change = useMutation({
    mutationFn: (act: 'delete' | 'restore') =>
      act === 'delete'
        ? api.delete(`/experiments/${encodeURIComponent(experiment.id)}`)
        : api.post(`/experiments/${encodeURIComponent(experiment.id)}/restore`),
    onSuccess: (_, act) => {
      void queries.invalidateQueries();
      if (act === 'delete') go('/experiments');
    },
  });
  return (
    <>
      <Menu position="bottom-end" width={190}>
        <Menu.Target>
          <ActionIcon aria-label="Experiment actions">
            <Icon name="dots" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={rename.open}>Rename…</Menu.Item>
          <Menu.Item
            onClick={() => {
              void navigator.clipboard.writeText(experiment.id);
              say('Copied the id');
            }}
          >
            Copy id {experiment.id}
          </Menu.Item>
          <Menu.Divider />
          {experiment.lifecycle === 'deleted' ? (
            <Menu.Item onClick={() => change.mutate('restore')}>Restore</Menu.Item>
          ) : (
            <Menu.Item
              color="red"
              onClick={() =>
                confirm({
                  title: `Delete ${experiment.name}?`,
                  text: 'Its runs go with it. It can be restored until `maru gc` has run.',
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

function parseOrder(text: string | null): Order | null {
  const match = text?.match(/^(.*) (asc|desc)$/);
  return match ? { key: match[1]!, descending: match[2] === 'desc' } : null;
}

function Runs({ experiment, tab, keys }: { experiment: ExperimentShape; tab: string; keys: Keys }) {
  const [address, setAddress] = useAddress();
  const [, go] = useLocation();
  const [savedColumns, saveColumns] = useLocalStorage<string[] | null>({ key: `maru/columns/${experiment.id}`, defaultValue: null });
  const [widths, setWidths] = useLocalStorage<Record<string, number>>({ key: 'maru/widths', defaultValue: {} });
  const [window, setWindow] = useState<[number, number]>([0, 0]);
  const [selected, setSelected] = useState<string[]>([]);

  const filter = address.get('filter') ?? '';
  const order = useMemo(() => parseOrder(address.get('order')), [address]);
  const shared = address.get('columns');
  const ids = useMemo(
    () => shared?.split(',').map(decodeURIComponent) ?? savedColumns ?? defaultColumns(keys),
    [shared, savedColumns, keys],
  );
  const columns = useMemo(() => ids.map(columnOf).filter((column): column is Column => column !== null), [ids]);
  const deleted = address.get('view') === 'deleted';

  const query: RunQuery = useMemo(
    () => ({
      experiment_ids: [experiment.id],
      filter,
      order_by: order ? [`${order.key} ${order.descending ? 'DESC' : 'ASC'}`] : [],
      view: deleted ? 'deleted' : 'active',
      columns: columns.filter((column) => column.kind !== 'attributes').map((column) => column.id),
    }),
    [experiment.id, filter, order, columns, deleted],
  );
  const runs = useRunWindows(query, window[0], window[1]);
  const onWindow = useCallback((first: number, last: number) => {
    setWindow((old) => (Math.floor(old[0] / 200) === Math.floor(first / 200) && Math.floor(old[1] / 200) === Math.floor(last / 200) ? old : [first, last]));
  }, []);
  const onToggle = useCallback((id: string) => {
    setSelected((old) => (old.includes(id) ? old.filter((other) => other !== id) : [...old, id]));
  }, []);
  const compare = () => {
    if (selected.length >= 2) go(`/compare?${selected.map((run) => `run=${run}`).join('&')}`);
    else say('Select two runs or more to compare them');
  };
  const setColumns = (next: string[] | null) => {
    saveColumns(next);
    setAddress({ columns: null });
  };

  const error = runs.first.error;
  const badFilter = error instanceof ApiError && error.status === 400 ? error.message : undefined;
  const noRuns = runs.total === 0;

  const charted = useMemo(() => {
    const loaded = runs.loaded();
    const byId = new Map(loaded.map((run) => [run.id, run]));
    const chosen: RunRow[] = selected.length > 0 ? selected.flatMap((id) => byId.get(id) ?? []) : loaded.slice(0, kChartedMax);
    return chosen.map((run, i) => ({ id: run.id, name: run.name || run.id.slice(0, 8), color: colorOf(i), running: run.status === 'RUNNING' }));
    // The rows are new objects with every answer; what is drawn changes only with these.
  }, [runs.first.dataUpdatedAt, selected, runs.total]);

  return (
    <>
      <div className="bar">
        <FilterBox value={filter} keys={keys} error={badFilter} onApply={(next) => setAddress({ filter: next })} />
        {tab === 'runs' && <ColumnChooser keys={keys} chosen={ids} onChange={setColumns} />}
        <Menu position="bottom-end" width={200}>
          <Menu.Target>
            <ActionIcon aria-label="Table options" variant="default" size={30}>
              <Icon name="settings" size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item rightSection={deleted ? <Icon name="check" size={13} /> : null} onClick={() => setAddress({ view: deleted ? null : 'deleted' })}>
              Show deleted runs
            </Menu.Item>
            <Menu.Item
              onClick={() => {
                const link = new URL(location.href);
                link.searchParams.set('columns', ids.map(encodeURIComponent).join(','));
                void navigator.clipboard.writeText(link.toString());
                say('Copied a link to this table');
              }}
            >
              Copy link to this table
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <span className="faint" style={{ minWidth: 62, textAlign: 'right' }}>
          {runs.total !== undefined && `${formatCount(runs.total)} ${runs.total === 1 ? 'run' : 'runs'}`}
        </span>
        <Tooltip label="Select runs with their boxes or x, then compare with c">
          <Button variant={selected.length >= 2 ? 'filled' : 'default'} onClick={compare} disabled={selected.length < 2}>
            Compare{selected.length > 0 ? ` ${selected.length}` : ''}
          </Button>
        </Tooltip>
        {selected.length > 0 && (
          <ActionIcon aria-label="Clear the selection" onClick={() => setSelected([])}>
            <Icon name="close" size={13} />
          </ActionIcon>
        )}
      </div>
      {tab === 'charts' ? (
        <Suspense fallback={<Waiting what="charts" />}>
          <div className="charted">
            <aside aria-label="Runs drawn">
              {charted.map((run) => (
                <a key={run.id} href={`/runs/${run.id}`} onClick={(event) => (event.preventDefault(), go(`/runs/${run.id}`))}>
                  <i style={{ background: run.color }} />
                  <span className="ellipsis">{run.name}</span>
                </a>
              ))}
              {selected.length === 0 && runs.total !== undefined && runs.total > kChartedMax && (
                <p className="faint">The first {kChartedMax} of the table. Select runs there to draw others.</p>
              )}
            </aside>
            <div className="page">
              <MetricCharts runs={charted} keys={keys.metrics} />
            </div>
          </div>
        </Suspense>
      ) : error && !badFilter ? (
        <Failed error={error} retry={() => void runs.first.refetch()} />
      ) : noRuns && filter ? (
        <Empty title="No run matches">
          <button type="button" className="plain" onClick={() => setAddress({ filter: null })}>
            Clear the filter
          </button>
        </Empty>
      ) : noRuns ? (
        <Empty
          title={deleted ? 'No deleted runs' : 'No runs yet'}
          command={
            deleted
              ? undefined
              : `import mlflow\nmlflow.set_tracking_uri("${location.origin}")\nmlflow.set_experiment("${experiment.name}")\nwith mlflow.start_run():\n    mlflow.log_param("depth", 6)\n    mlflow.log_metric("loss", 0.5)`
          }
        >
          {deleted ? undefined : 'Log one; it appears here at once.'}
        </Empty>
      ) : runs.total === undefined && !badFilter ? (
        <Waiting what="runs" />
      ) : (
        <RunsTable
          total={runs.total ?? 0}
          row={runs.row}
          columns={columns}
          widths={widths}
          order={order}
          selected={selected}
          onOrder={(next) => setAddress({ order: next ? `${next.key} ${next.descending ? 'desc' : 'asc'}` : null })}
          onWidth={(column, width) => setWidths((old) => ({ ...old, [column]: width }))}
          onToggle={onToggle}
          onWindow={onWindow}
          onCompare={compare}
        />
      )}
    </>
  );
}
