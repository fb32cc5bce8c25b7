import { useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo, useRef } from 'react';

import { endpointStatsQuery } from '~/api/queries';
import type { Endpoint } from '~/api/schema';
import { type Line, LineChart } from '~/charts/LineChart';
import { kPalette } from '~/charts/palette';
import { formatCount, formatDuration } from '~/ui/format';
import { Command, Failed, Waiting } from '~/ui/states';
import { Ago } from '~/ui/time';
import { observe, type Second } from './traffic';

// What the endpoint answers, second by second, while this page looks.
export default function Traffic({ endpoint }: { endpoint: Endpoint }) {
  const query = useQuery(endpointStatsQuery(endpoint.name));
  const seconds = useRef<Second[]>([]);
  if (query.data) seconds.current = observe(endpoint.name, query.data, query.dataUpdatedAt);
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <Waiting what="traffic" />;
  const { stats } = query.data;
  const now = seconds.current.at(-1);
  return (
    <div className="body cards">
      <div className="tiles">
        <Tile label="Requests" value={formatCount(stats.requests)} note={now ? `${formatCount(Math.round(now.rate))}/s now` : ''} />
        <Tile
          label="Errors"
          value={formatCount(stats.errors)}
          note={stats.failures ? `${formatCount(stats.failures)} the server’s` : ''}
          bad={stats.failures > 0}
        />
        <Tile label="Under way" value={formatCount(stats.in_flight)} />
        <Tile label="p50" value={stats.requests ? formatDuration(stats.p50_ms) : '–'} />
        <Tile label="p95" value={stats.requests ? formatDuration(stats.p95_ms) : '–'} />
        <Tile label="p99" value={stats.requests ? formatDuration(stats.p99_ms) : '–'} />
        <Tile label="Last request" value={stats.last_request_ms ? <Ago ms={stats.last_request_ms} /> : 'never'} />
      </div>
      <div className="pair">
        <Chart
          title="Requests per second"
          seconds={seconds.current}
          series={[
            { label: 'requests', color: kPalette[0], read: (s) => s.rate },
            { label: 'errors', color: kPalette[7], read: (s) => s.errors },
          ]}
        />
        <Chart
          title="Latency, ms"
          seconds={seconds.current}
          series={[
            { label: 'p50', color: kPalette[0], read: (s) => s.p50 },
            { label: 'p99', color: kPalette[1], read: (s) => s.p99 },
          ]}
        />
      </div>
      {endpoint.inputs.length > 0 && (
        <section className="panel">
          <header>
            <h2>Call it</h2>
          </header>
          <div className="pad">
            <Command text={`curl ${location.origin}/v2/models/${endpoint.name}/infer -d '${example(endpoint)}'`} />
          </div>
        </section>
      )}
    </div>
  );
}

function example(endpoint: Endpoint): string {
  const inputs = endpoint.inputs.map((input) => {
    const shape = input.shape.map((n) => (n < 0 ? 1 : n));
    const count = Math.min(
      64,
      shape.reduce((a, b) => a * b, 1),
    );
    return { name: input.name, shape, datatype: input.datatype, data: Array.from({ length: count }, () => (input.datatype === 'BYTES' ? 'a' : 0)) };
  });
  return JSON.stringify({ inputs });
}

function Tile({ label, value, note, bad }: { label: string; value: ReactNode; note?: string; bad?: boolean }) {
  return (
    <div className="panel tile">
      <div className="faint">{label}</div>
      <div className="figure" style={bad ? { color: 'var(--bad)' } : undefined}>
        {value}
      </div>
      <div className="faint" style={{ fontSize: 11, minHeight: 16 }}>
        {note}
      </div>
    </div>
  );
}

interface ChartProps {
  title: string;
  seconds: Second[];
  series: { label: string; color: string; read: (s: Second) => number | null }[];
}

function Chart({ title, seconds, series }: ChartProps) {
  const { colorScheme } = useMantineColorScheme();
  const lines = useMemo<Line[]>(
    () => series.map((s) => ({ id: s.label, label: s.label, color: s.color, xs: seconds.map((x) => x.ms), ys: seconds.map(s.read) })),
    [seconds],
  );
  return (
    <section className="panel chart" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <span className="grow" />
        {series.map((s) => (
          <span key={s.label} className="row faint" style={{ gap: 5 }}>
            <i className="swatch" style={{ background: s.color }} />
            {s.label}
          </span>
        ))}
      </header>
      <div style={{ height: 200, padding: '6px 4px 0' }}>
        {seconds.length > 1 ? (
          <LineChart lines={lines} x="wall" log={false} height={190} dark={colorScheme === 'dark'} label={title} sync="traffic" />
        ) : (
          <div className="plot-note">Watching…</div>
        )}
      </div>
    </section>
  );
}
