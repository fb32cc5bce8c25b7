// A wall of charts, one per metric key, of any number of runs. Only the charts in view exist and are asked for.
import { SegmentedControl, Slider, Switch, TextInput, Tooltip, useMantineColorScheme, useMantineTheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';

import { toNumber } from '~/api/client';
import { seriesQuery } from '~/api/queries';
import { useKeys } from '~/app/keyboard';
import { rank } from '~/app/rank';
import { formatCount } from '~/ui/format';
import { Icon } from '~/ui/Icon';
import { Empty } from '~/ui/states';
import { useAddress } from '~/ui/useAddress';
import { type Line, LineChart, type XAxis } from './LineChart';
import { smooth } from './smoothing';

export interface ChartedRun {
  id: string;
  name: string;
  color: string;
  running: boolean;
}

interface View {
  x: XAxis;
  smoothing: number;
  log: boolean;
}

const kChartHeight = 210;

export function MetricCharts({ runs, keys }: { runs: ChartedRun[]; keys: string[] }) {
  const [address, setAddress] = useAddress();
  const search = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const view: View = {
    x: (address.get('x') as XAxis | null) ?? 'step',
    smoothing: Number(address.get('smooth') ?? 0),
    log: address.get('log') === '1',
  };
  const [smoothing, setSmoothing] = useState(view.smoothing);
  useKeys({ '/': () => search.current?.focus() });
  const shown = useMemo(() => (text ? rank(keys, text, (key) => key) : keys), [keys, text]);

  return (
    <>
      <div className="bar wrap" style={{ gap: 14 }}>
        <TextInput
          ref={search}
          size="xs"
          w={220}
          aria-label="Find a metric"
          placeholder="Find a metric"
          leftSection={<Icon name="search" size={13} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <SegmentedControl
          size="xs"
          aria-label="Horizontal axis"
          value={view.x}
          onChange={(x) => setAddress({ x: x === 'step' ? null : x })}
          data={[
            { value: 'step', label: 'Step' },
            { value: 'relative', label: 'Time' },
            { value: 'wall', label: 'Clock' },
          ]}
        />
        <label className="row muted" style={{ gap: 10 }}>
          Smoothing
          <Slider
            w={130}
            size="sm"
            min={0}
            max={0.99}
            step={0.01}
            value={smoothing}
            onChange={setSmoothing}
            onChangeEnd={(value) => setAddress({ smooth: value > 0 ? String(value) : null })}
            label={(value) => value.toFixed(2)}
            thumbLabel="Smoothing"
          />
        </label>
        <Switch size="xs" label="Log scale" checked={view.log} onChange={(event) => setAddress({ log: event.currentTarget.checked ? '1' : null })} />
        <span className="grow" />
        <span className="faint">
          {formatCount(shown.length)} {shown.length === 1 ? 'metric' : 'metrics'} · {runs.length} {runs.length === 1 ? 'run' : 'runs'}
        </span>
      </div>
      {runs.length === 0 ? (
        <Empty title="No runs to draw">Log a run, or loosen the filter.</Empty>
      ) : shown.length === 0 ? (
        <Empty title={text ? `No metric is called “${text}”` : 'No metrics yet'} command={text ? undefined : 'mlflow.log_metric("loss", 0.5, step=1)'} />
      ) : (
        <Wall runs={runs} keys={shown} view={{ ...view, smoothing }} />
      )}
    </>
  );
}

function Wall({ runs, keys, view }: { runs: ChartedRun[]; keys: string[]; view: View }) {
  const scroller = useRef<HTMLDivElement>(null);
  const { ref, width } = useElementSize();
  const across = Math.max(1, Math.min(keys.length, Math.floor((width || 1000) / 380)));
  const virtual = useVirtualizer({
    count: Math.ceil(keys.length / across),
    getScrollElement: () => scroller.current,
    estimateSize: () => kChartHeight + 58,
    overscan: 1,
  });
  return (
    <div className="scroll" ref={scroller}>
      <div ref={ref} style={{ height: virtual.getTotalSize() + 24, position: 'relative', margin: '0 20px' }}>
        {virtual.getVirtualItems().map((item) => (
          <div
            key={item.key}
            style={{
              position: 'absolute',
              top: item.start,
              left: 0,
              right: 0,
              display: 'grid',
              gap: 14,
              gridTemplateColumns: `repeat(${across}, minmax(0, 1fr))`,
            }}
          >
            {keys.slice(item.index * across, (item.index + 1) * across).map((key) => (
              <MetricChart key={key} metric={key} runs={runs} view={view} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function MetricChart({ metric, runs, view }: { metric: string; runs: ChartedRun[]; view: View }) {
  const [zoom, setZoom] = useState<[number, number] | null>(null);
  const theme = useMantineTheme();
  const { colorScheme } = useMantineColorScheme();
  const dark = colorScheme + theme.primaryColor;
  const ids = useMemo(() => runs.map((run) => run.id), [runs]);
  // Fewer points each when there are many lines: no screen shows more.
  const points = Math.max(150, Math.min(1000, Math.floor(12_000 / Math.max(1, runs.length))));
  const steps = view.x === 'step' && zoom ? ([Math.floor(zoom[0]), Math.ceil(zoom[1])] as [number, number]) : undefined;
  const query = useQuery(seriesQuery(ids, [metric], points, steps));

  const lines = useMemo<Line[]>(() => {
    const byRun = new Map(query.data?.series.map((series) => [series.run_id, series]));
    return runs.flatMap((run) => {
      const series = byRun.get(run.id);
      if (!series || series.values.length === 0) return [];
      const start = series.times_ms[0] ?? 0;
      const xs = view.x === 'step' ? series.steps : view.x === 'wall' ? series.times_ms : series.times_ms.map((t) => t - start);
      const values = series.values.map(toNumber);
      // Points logged at one x (a run without steps, or two in one millisecond) would break the join: the last one counts.
      const keep = xs.map((x, i) => i === xs.length - 1 || xs[i + 1] !== x);
      const kept = <T,>(list: T[]) => list.filter((_, i) => keep[i]);
      const ys = kept(values);
      const line: Line = { id: run.id, label: run.name, color: run.color, xs: kept(xs), ys };
      if (view.smoothing > 0 && ys.length > 2) {
        line.ys = smooth(ys, view.smoothing);
        if (runs.length <= 6) line.raw = ys;
      }
      return line.xs.every((x, i) => i === 0 || x > line.xs[i - 1]!) ? [line] : [sorted(line)];
    });
  }, [query.data, runs, view.x, view.smoothing]);

  const visible = useMemo(() => {
    if (!zoom || view.x === 'step') return lines;
    return lines.map((line) => cut(line, zoom));
  }, [lines, zoom, view.x]);

  const total = query.data?.series.reduce((sum, series) => sum + series.values.length, 0) ?? 0;
  return (
    <section className="panel chart" aria-label={metric}>
      <header>
        <h2 className="ellipsis" title={metric}>
          {metric}
        </h2>
        <span className="grow" />
        {zoom ? (
          <button type="button" className="plain" onClick={() => setZoom(null)}>
            show all
          </button>
        ) : (
          <Tooltip label="points drawn; the server sends as many as the chart can show">
            <span className="faint">{total > 0 ? `${formatCount(total)} pts` : ''}</span>
          </Tooltip>
        )}
      </header>
      <div style={{ height: kChartHeight + 10, padding: '6px 4px 0' }} data-waiting={query.isPlaceholderData || undefined}>
        {query.error ? (
          <div className="plot-note bad">{query.error.message}</div>
        ) : lines.length > 0 ? (
          <LineChart
            lines={visible}
            x={view.x}
            log={view.log}
            height={kChartHeight}
            dark={dark.includes('dark') || document.documentElement.dataset.mantineColorScheme === 'dark'}
            label={`${metric} of ${lines.length} ${lines.length === 1 ? 'run' : 'runs'} by ${view.x}`}
            sync="metrics"
            onZoom={setZoom}
          />
        ) : (
          <div className="plot-note">{query.isPending ? '' : 'None of these runs has logged it.'}</div>
        )}
      </div>
    </section>
  );
}

function cut(line: Line, [from, to]: [number, number]): Line {
  const keep = line.xs.map((x) => x >= from && x <= to);
  const kept = <T,>(list: T[]) => list.filter((_, i) => keep[i]);
  return { ...line, xs: kept(line.xs), ys: kept(line.ys), raw: line.raw && kept(line.raw) };
}

// A run may log steps backwards (a restart from a checkpoint); the plot needs them in order.
function sorted(line: Line): Line {
  const order = line.xs.map((_, i) => i).sort((a, b) => line.xs[a]! - line.xs[b]!);
  const unique = order.filter((at, i) => i === order.length - 1 || line.xs[order[i + 1]!] !== line.xs[at]);
  const pick = <T,>(list: T[]) => unique.map((i) => list[i]!);
  return { ...line, xs: pick(line.xs), ys: pick(line.ys), raw: line.raw && pick(line.raw) };
}
