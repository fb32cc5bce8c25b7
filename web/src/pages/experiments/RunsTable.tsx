import { Checkbox } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type PointerEvent, type ReactNode, useRef } from 'react';
import { useLocation } from 'wouter';

import { colorOf } from '~/charts/palette';
import { formatDuration } from '~/ui/format';
import { Icon } from '~/ui/Icon';
import { StatusDot, statusLabel } from '~/ui/Status';
import { Ago, useNow } from '~/ui/time';
import { useRows } from '~/ui/useRows';
import { type Column, orderKey, printCell } from './columns';
import type { RunRow } from './useRunWindows';

export interface Order {
  key: string;
  descending: boolean;
}

interface Props {
  total: number;
  row: (index: number) => RunRow | undefined;
  columns: Column[];
  widths: Record<string, number>;
  order: Order | null;
  selected: string[];
  onOrder: (order: Order | null) => void;
  onWidth: (column: string, width: number) => void;
  onToggle: (id: string) => void;
  onWindow: (first: number, last: number) => void;
  onCompare: () => void;
}

const kRowHeight = 32;
const kNameWidth = 280;

export function RunsTable(props: Props) {
  const { total, row, columns, widths, order, selected } = props;
  const [, go] = useLocation();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => kRowHeight,
    overscan: 12,
    onChange: (instance) => {
      const items = instance.getVirtualItems();
      if (items.length > 0) props.onWindow(items[0]!.index, items.at(-1)!.index);
    },
  });
  const [at, setAt] = useRows(
    total,
    (index) => {
      const run = row(index);
      if (run) go(`/runs/${run.id}`);
    },
    {
      x: (index) => {
        const run = row(index);
        if (run) props.onToggle(run.id);
      },
      c: () => props.onCompare(),
    },
  );
  // The marked row stays in view as j and k move it.
  const lastAt = useRef(at);
  if (lastAt.current !== at) {
    lastAt.current = at;
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' });
  }

  // The first column of a kind also says which kind it is.
  const begins = (column: Column) => column.kind !== 'attributes' && columns[columns.indexOf(column) - 1]?.kind !== column.kind;
  const widthOf = (column: Column) => widths[column.id] ?? column.width + (begins(column) ? 48 : 0);
  const nameWidth = widths.name ?? kNameWidth;
  const template = [`${nameWidth}px`, ...columns.map((column) => `${widthOf(column)}px`), 'minmax(0,1fr)'].join(' ');
  const full = nameWidth + columns.reduce((sum, column) => sum + widthOf(column), 0);

  const cycle = (key: string | null) => {
    if (!key) return;
    if (order?.key !== key) props.onOrder({ key, descending: true });
    else if (order.descending) props.onOrder({ key, descending: false });
    else props.onOrder(null);
  };

  return (
    <div className="runs" ref={scroller} role="grid" aria-rowcount={total} aria-label="Runs" tabIndex={-1}>
      <div className="runs-inner" style={{ minWidth: full, height: virtual.getTotalSize() + 33 }}>
        <div className="runs-head" role="row" style={{ gridTemplateColumns: template }}>
          <HeadCell label="Run" pinned order={order} orderKey="attributes.run_name" onCycle={cycle} onWidth={(w) => props.onWidth('name', w)} width={nameWidth} />
          {columns.map((column, i) => (
            <HeadCell
              key={column.id}
              begins={i > 0 && columns[i - 1]!.kind !== column.kind}
              label={column.label}
              hint={column.kind === 'params' ? 'param' : column.kind === 'tags' ? 'tag' : column.kind === 'metrics' ? 'metric' : ''}
              numeric={column.numeric}
              order={order}
              orderKey={orderKey(column)}
              onCycle={cycle}
              width={widthOf(column)}
              onWidth={(w) => props.onWidth(column.id, w)}
            />
          ))}
          <span />
        </div>
        {virtual.getVirtualItems().map((item) => {
          const run = row(item.index);
          return (
            <div
              key={item.key}
              role="row"
              aria-rowindex={item.index + 2}
              className="runs-row"
              data-at={item.index === at || undefined}
              data-selected={(run && selected.includes(run.id)) || undefined}
              style={{ gridTemplateColumns: template, transform: `translateY(${item.start + 33}px)` }}
              onClick={(event) => {
                setAt(item.index);
                if (run && event.shiftKey) props.onToggle(run.id);
              }}
            >
              {run ? (
                <Cells run={run} columns={columns} colorIndex={selected.indexOf(run.id)} onToggle={props.onToggle} />
              ) : (
                <div className="runs-cell name">
                  <span className="skeleton" style={{ width: 120 + ((item.index * 37) % 90) }} />
                </div>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

const Cells = memo(function Cells(props: { run: RunRow; columns: Column[]; colorIndex: number; onToggle: (id: string) => void }) {
  const { run, columns, colorIndex } = props;
  const [, go] = useLocation();
  return (
    <>
      <div className="runs-cell name" role="rowheader">
        <Checkbox
          size="xs"
          aria-label={`Select ${run.name}`}
          checked={colorIndex >= 0}
          onChange={() => props.onToggle(run.id)}
          onClick={(event) => event.stopPropagation()}
          color={colorIndex >= 0 ? colorOf(colorIndex) : undefined}
        />
        <StatusDot status={run.status} />
        <a
          href={`/runs/${run.id}`}
          className="quiet ellipsis"
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            go(`/runs/${run.id}`);
          }}
        >
          {run.name || run.id.slice(0, 8)}
        </a>
      </div>
      {columns.map((column, i) => (
        <Cell key={column.id} run={run} column={column} begins={i > 0 && columns[i - 1]!.kind !== column.kind} />
      ))}
    </>
  );
});

function Cell({ run, column, begins }: { run: RunRow; column: Column; begins: boolean }) {
  let content: ReactNode;
  let title: string | undefined;
  if (column.kind === 'attributes') {
    if (column.key === 'start_time') content = <Ago ms={run.startMs} />;
    else if (column.key === 'duration') content = <Duration run={run} />;
    else if (column.key === 'user_id') content = run.user;
    else if (column.key === 'status') content = statusLabel(run.status);
    else if (column.key === 'run_id') content = <span className="mono">{run.id.slice(0, 12)}</span>;
  } else {
    const value = run.cell(column.id);
    content = printCell(column, value);
    title = value === null || value === undefined ? undefined : String(value);
  }
  return (
    <div className={`runs-cell${column.numeric ? ' num' : ''}${column.kind === 'attributes' ? ' muted' : ''}${begins ? ' begins' : ''}`} role="gridcell" title={title}>
      {content}
    </div>
  );
}

function Duration({ run }: { run: RunRow }) {
  const now = useNow();
  if (!run.startMs) return null;
  const end = run.endMs || (run.status === 'RUNNING' ? Math.max(now, run.startMs) : 0);
  return <>{end ? formatDuration(end - run.startMs) : ''}</>;
}

function HeadCell(props: {
  label: string;
  hint?: string;
  pinned?: boolean;
  begins?: boolean;
  numeric?: boolean;
  order: Order | null;
  orderKey: string | null;
  width: number;
  onCycle: (key: string | null) => void;
  onWidth: (width: number) => void;
}) {
  const ordered = props.orderKey !== null && props.order?.key === props.orderKey;
  const resize = (event: PointerEvent<HTMLSpanElement>) => {
    event.preventDefault();
    event.stopPropagation();
    const start = event.clientX;
    const handle = event.currentTarget;
    handle.setPointerCapture(event.pointerId);
    const move = (moved: globalThis.PointerEvent) => props.onWidth(Math.max(60, Math.min(800, props.width + moved.clientX - start)));
    handle.addEventListener('pointermove', move);
    handle.addEventListener('pointerup', () => handle.removeEventListener('pointermove', move), { once: true });
  };
  return (
    <div
      className={`runs-cell head${props.pinned ? ' name' : ''}${props.numeric ? ' num' : ''}${props.begins ? ' begins' : ''}`}
      role="columnheader"
      aria-sort={ordered ? (props.order!.descending ? 'descending' : 'ascending') : undefined}
    >
      <button type="button" onClick={() => props.onCycle(props.orderKey)} disabled={!props.orderKey} title={props.hint ? `${props.hint} ${props.label}` : props.label}>
        {props.hint && props.begins && <span className="kind">{props.hint}s</span>}
        <span className="ellipsis">{props.label}</span>
        {ordered && <Icon name={props.order!.descending ? 'arrowDown' : 'up'} size={11} />}
      </button>
      <span className="resize" onPointerDown={resize} aria-hidden />
    </div>
  );
}
