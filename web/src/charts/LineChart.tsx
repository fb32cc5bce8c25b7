// A uPlot chart of many lines, each with its own x values. Drag to zoom, double-click to see all again; the cursor is
// shared by every chart of the page that has the same x axis.
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

import { formatCount, formatDuration, formatMetric, formatTime } from '~/ui/format';
import { ground } from './palette';

export interface Line {
  id: string;
  label: string;
  color: string;
  dashed?: boolean;
  xs: number[];
  ys: (number | null)[];
  raw?: (number | null)[]; // drawn faintly behind, when `ys` is smoothed
}

export type XAxis = 'step' | 'relative' | 'wall'; // steps; milliseconds from the run's start; milliseconds since the epoch

interface Props {
  lines: Line[];
  x: XAxis;
  log: boolean;
  height: number;
  unit?: string;
  dark: boolean;
  label: string;
  sync?: string;
  onZoom?: (range: [number, number] | null) => void;
}

function formatX(x: number, axis: XAxis): string {
  if (axis === 'step') return `step ${formatCount(x)}`;
  return axis === 'relative' ? formatDuration(x) : formatTime(x);
}

export function LineChart(props: Props) {
  const host = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const { lines, x, log, height, dark } = props;

  useEffect(() => {
    const box = host.current!;
    const colors = ground();
    const tables: uPlot.AlignedData[] = [];
    const series: uPlot.Series[] = [{}];
    const owners: { line: Line; raw: boolean }[] = [];
    // In a logarithmic plot what is not positive has no place.
    const place = (values: (number | null)[]) => values.map((v) => (v === null || !Number.isFinite(v) || (log && v <= 0) ? null : v));
    for (const line of lines) {
      const add = (ys: (number | null)[], raw: boolean) => {
        tables.push([line.xs, place(ys)] as uPlot.AlignedData);
        owners.push({ line, raw });
        const few = line.xs.length < 3;
        series.push({
          stroke: line.color,
          width: raw ? 1 : 1.6,
          alpha: raw ? 0.22 : 1,
          dash: line.dashed ? [5, 4] : undefined,
          spanGaps: true,
          points: { show: few, size: 5, fill: line.color },
        });
      };
      if (line.raw) add(line.raw, true);
      add(line.ys, false);
    }
    const data = tables.length > 0 ? uPlot.join(tables) : ([[]] as unknown as uPlot.AlignedData);
    const axis = { stroke: colors.text, grid: { stroke: colors.line, width: 1 }, ticks: { show: false }, font: '11px "Inter Variable", sans-serif' };
    const chart = new uPlot(
      {
        width: Math.max(box.clientWidth, 120),
        height,
        padding: [8, 10, 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          points: { size: 6, width: 1.5 },
          drag: { x: true, y: false, setScale: !latest.current.onZoom },
          sync: props.sync ? { key: `${props.sync}/${x}` } : undefined,
          focus: { prox: 24 },
        },
        focus: { alpha: lines.length > 1 ? 0.35 : 1 },
        scales: { x: { time: x === 'wall' }, y: log ? { distr: 3 } : {} },
        ms: 1,
        series,
        axes: [
          {
            ...axis,
            size: 26,
            gap: 3,
            values: (_, ticks, __, ___, step) =>
              ticks.map((t) => (x === 'wall' ? formatClock(t, step) : x === 'relative' ? formatDuration(t).replace('.0', '') : Number.isInteger(t) ? shortCount(t) : '')),
          },
          { ...axis, size: 52, gap: 4, values: (_, ticks, __, ___, step) => ticks.map((t) => (t === null ? '' : log ? String(+t.toPrecision(3)) : formatTick(t, step))) },
        ],
        hooks: {
          setCursor: [(u) => showTip(u)],
          setSelect: [
            (u) => {
              const zoom = latest.current.onZoom;
              if (!zoom || u.select.width < 4) return;
              zoom([u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x')]);
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      data,
      box,
    );

    function showTip(u: uPlot) {
      const element = tip.current!;
      const index = u.cursor.idx;
      const over = u.over.matches(':hover');
      if (index === null || index === undefined || !over) {
        element.hidden = true;
        return;
      }
      const at = u.data[0][index]!;
      const rows: { line: Line; value: number; distance: number }[] = [];
      owners.forEach((owner, i) => {
        if (owner.raw) return;
        const value = valueNear(u.data[0], u.data[i + 1] as (number | null)[], index);
        if (value !== null) rows.push({ line: owner.line, value, distance: Math.abs(u.valToPos(value, 'y') - u.cursor.top!) });
      });
      const near = rows.length > 8 ? [...rows].sort((a, b) => a.distance - b.distance).slice(0, 8) : rows;
      near.sort((a, b) => b.value - a.value);
      element.replaceChildren(head(formatX(at, x)), ...near.map((row) => tipRow(row.line, row.value)));
      if (rows.length > near.length) element.append(head(`and ${rows.length - near.length} more`));
      element.hidden = false;
      const left = u.cursor.left! + u.over.offsetLeft;
      const flip = left > box.clientWidth / 2;
      element.style.left = flip ? '' : `${left + 14}px`;
      element.style.right = flip ? `${box.clientWidth - left + 14}px` : '';
    }

    const reset = () => latest.current.onZoom?.(null);
    chart.over.addEventListener('dblclick', reset);
    const leave = () => (tip.current!.hidden = true);
    chart.over.addEventListener('mouseleave', leave);
    const resize = new ResizeObserver(() => chart.setSize({ width: Math.max(box.clientWidth, 120), height }));
    resize.observe(box);
    return () => {
      resize.disconnect();
      chart.destroy();
    };
  }, [lines, x, log, height, dark, props.sync]);

  return (
    <div className="plot" role="img" aria-label={props.label}>
      <div ref={host} />
      <div ref={tip} className="plot-tip" hidden />
    </div>
  );
}

// As many decimals as the distance between ticks needs, the same for all of them.
function formatTick(value: number, step: number): string {
  const size = Math.abs(value);
  if (size >= 1e6 || step < 1e-6) return value === 0 ? '0' : formatMetric(value);
  if (size >= 1e4) return shortCount(value);
  let decimals = 0;
  while (decimals < 7 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6) decimals++;
  return value.toFixed(decimals).replace('-', '−');
}

// A tick of the clock: the day where ticks are days apart, seconds where they are close.
function formatClock(ms: number, step: number): string {
  if (step >= 86_400_000) return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }).format(ms);
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: step < 60_000 ? '2-digit' : undefined }).format(ms);
}

function shortCount(n: number): string {
  const size = Math.abs(n);
  if (size >= 1e6) return `${+(n / 1e6).toFixed(2)}M`;
  if (size >= 1e4) return `${+(n / 1e3).toFixed(1)}k`;
  return formatCount(n);
}

// Lines do not share their x values: what a line shows between two of its points is the nearer one.
function valueNear(xs: ArrayLike<number>, ys: readonly (number | null | undefined)[], index: number): number | null {
  for (let d = 0; d < ys.length; d++) {
    const left = ys[index - d];
    const right = ys[index + d];
    const hasLeft = left !== null && left !== undefined;
    const hasRight = right !== null && right !== undefined;
    if (hasLeft && hasRight) return xs[index]! - xs[index - d]! <= xs[index + d]! - xs[index]! ? left : right;
    if (hasLeft) return outside(ys, index, 1) ? null : left;
    if (hasRight) return outside(ys, index, -1) ? null : right;
    if (index - d < 0 && index + d >= ys.length) break;
  }
  return null;
}

// True when the line has no point at or beyond `index` in that direction: it has ended, or not begun.
function outside(ys: readonly (number | null | undefined)[], index: number, direction: 1 | -1): boolean {
  for (let i = index; i >= 0 && i < ys.length; i += direction) if (ys[i] !== null && ys[i] !== undefined) return false;
  return true;
}

function head(text: string): HTMLElement {
  const element = document.createElement('div');
  element.className = 'faint';
  element.textContent = text;
  return element;
}

function tipRow(line: Line, value: number): HTMLElement {
  const row = document.createElement('div');
  row.className = 'plot-tip-row';
  const swatch = document.createElement('i');
  swatch.style.background = line.color;
  const label = document.createElement('span');
  label.textContent = line.label;
  const number = document.createElement('b');
  number.textContent = formatMetric(value);
  row.append(swatch, label, number);
  return row;
}
