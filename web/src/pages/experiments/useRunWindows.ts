// A table of any length, of which only the pages near the eye are fetched. Each page is a query of its own, so the live
// stream refreshes what is on screen and nothing else.
import { type Query, useQueries, type UseQueryResult } from '@tanstack/react-query';
import { useMemo } from 'react';

import { api } from '~/api/client';
import type { RunQuery } from '~/api/queries';
import type { RunTable } from '~/api/schema';

export const kPage = 200;

export interface RunRow {
  id: string;
  name: string;
  experimentId: string;
  status: string;
  user: string;
  startMs: number;
  endMs: number;
  cell: (column: string) => number | string | null | undefined;
}

export function rowsOf(page: RunTable): RunRow[] {
  const columns = new Map(page.columns.map((column) => [column.name, column.values as (number | string | null)[]]));
  return page.ids.map((id, i) => ({
    id,
    name: page.names[i] ?? '',
    experimentId: page.experiment_ids[i] ?? '',
    status: page.statuses[i] ?? '',
    user: page.users[i] ?? '',
    startMs: page.starts_ms[i] ?? 0,
    endMs: page.ends_ms[i] ?? 0,
    cell: (column) => columns.get(column)?.[i],
  }));
}

export interface RunWindows {
  total: number | undefined;
  row: (index: number) => RunRow | undefined;
  loaded: () => RunRow[];
  first: UseQueryResult<RunTable>;
}

export function useRunWindows(query: RunQuery, firstRow: number, lastRow: number): RunWindows {
  const from = Math.floor(firstRow / kPage);
  const to = Math.floor(lastRow / kPage);
  const pages = [...new Set([0, ...Array.from({ length: to - from + 1 }, (_, i) => from + i)])];
  const results = useQueries({
    queries: pages.map((page) => {
      const asked: RunQuery = { ...query, offset: page * kPage, limit: kPage };
      return {
        queryKey: ['runs', asked],
        queryFn: ({ signal }: { signal: AbortSignal }) => api.post<RunTable>('/runs/search', asked, signal),
        // While a new filter or order is under way the old rows stay, but never those of another page.
        placeholderData: (old: RunTable | undefined, query: Query<RunTable> | undefined) =>
          (query?.queryKey[1] as RunQuery | undefined)?.offset === asked.offset ? old : undefined,
      };
    }),
  });
  const data = results.map((result) => result.data);
  // Rows are made once per answer, not once per frame of scrolling.
  const rows = useMemo(() => new Map(data.map((page, i) => [pages[i]!, page ? rowsOf(page) : []])), [...data, pages.join()]);
  return {
    total: data[0]?.total,
    row: (index) => rows.get(Math.floor(index / kPage))?.[index % kPage],
    loaded: () => [...rows.values()].flat(),
    first: results[0]!,
  };
}
