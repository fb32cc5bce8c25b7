// Which columns a runs table shows, and how each is asked for, ordered by and printed.
import { formatMetric } from '~/ui/format';
import { toNumber } from '~/api/client';
import type { Keys } from '~/api/schema';
import { quoteKey } from './filterLanguage';

export type ColumnKind = 'metrics' | 'params' | 'tags' | 'attributes';

export interface Column {
  id: string; // "metrics.loss": also what the API calls it
  kind: ColumnKind;
  key: string;
  label: string;
  width: number;
  numeric: boolean;
}

const attributes: Record<string, { label: string; width: number }> = {
  start_time: { label: 'Started', width: 112 },
  duration: { label: 'Duration', width: 118 },
  user_id: { label: 'User', width: 96 },
  status: { label: 'Status', width: 100 },
  run_id: { label: 'Run id', width: 130 },
};

export const kAttributeColumns = Object.keys(attributes).map((key) => `attributes.${key}`);

export function columnOf(id: string): Column | null {
  const dot = id.indexOf('.');
  const kind = id.slice(0, dot);
  const key = id.slice(dot + 1);
  if (!key) return null;
  if (kind === 'attributes') {
    const known = attributes[key];
    return known ? { id, kind, key, ...known, numeric: key === 'duration' } : null;
  }
  if (kind === 'metrics') return { id, kind, key, label: key, width: widthOf(key, 100), numeric: true };
  if (kind === 'params' || kind === 'tags') return { id, kind, key, label: key, width: widthOf(key, 108), numeric: false };
  return null;
}

// Wide enough for the name, within reason; the value's own width is the least.
function widthOf(key: string, least: number): number {
  return Math.min(200, Math.max(least, key.length * 7 + 34));
}

export function orderKey(column: Column): string | null {
  if (column.kind === 'attributes') {
    return column.key === 'duration' ? null : `attributes.${column.key}`;
  }
  return `${column.kind}.${quoteKey(column.key)}`;
}

// What a person sees before choosing: when, how long, a handful of metrics and of params that are there.
export function defaultColumns(keys: Keys): string[] {
  return [
    'attributes.start_time',
    'attributes.duration',
    ...keys.metrics.filter((key) => !key.startsWith('system/')).slice(0, 6).map((key) => `metrics.${key}`),
    ...keys.params.slice(0, 5).map((key) => `params.${key}`),
  ];
}

export function printCell(column: Column, value: number | string | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (column.numeric) return formatMetric(toNumber(value));
  return String(value);
}
