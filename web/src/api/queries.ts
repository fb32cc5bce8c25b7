// What the page asks for, one function per thing. Keys begin with the noun, so that the live stream can say what is stale.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { api } from './client';
import type {
  ArtifactPage, Endpoint, EndpointLatencies, EndpointList, EventPage, Experiment, ExperimentPage, Keys, Model, ModelPage, Run, RunTable, SeriesSet, Server, Signature, Version, VersionPage,
} from './schema';

const e = encodeURIComponent;

// What a runs table asks for; the body of POST /runs/search.
export interface RunQuery {
  experiment_ids: string[];
  filter?: string;
  order_by?: string[];
  view?: string;
  columns?: string[];
  limit?: number;
  offset?: number;
}

export const serverQuery = () =>
  queryOptions({ queryKey: ['server'], queryFn: () => api.get<Server>('/server'), staleTime: 60_000 });

export const experimentsQuery = (view = 'active') =>
  queryOptions({
    queryKey: ['experiments', view],
    queryFn: ({ signal }) => api.get<ExperimentPage>('/experiments', { view, limit: 1000 }, signal),
  });

export const experimentQuery = (id: string) =>
  queryOptions({ queryKey: ['experiment', id], queryFn: () => api.get<Experiment>(`/experiments/${e(id)}`) });

export const keysQuery = (experimentId: string) =>
  queryOptions({
    queryKey: ['experiment', experimentId, 'keys'],
    queryFn: () => api.get<Keys>(`/experiments/${e(experimentId)}/keys`, { limit: 15_000 }),
    staleTime: 60_000,
  });

export const runsQuery = (query: RunQuery) =>
  queryOptions({
    queryKey: ['runs', query],
    queryFn: ({ signal }) => api.post<RunTable>('/runs/search', query, signal),
    placeholderData: keepPreviousData,
  });

// Runs of every experiment, newest first; for the home page.
export const recentRunsQuery = (filter: string, limit: number) =>
  runsQuery({ experiment_ids: [], filter, order_by: ['attributes.start_time DESC'], columns: [], limit, offset: 0 });

export const runQuery = (id: string) =>
  queryOptions({ queryKey: ['run', id], queryFn: () => api.get<Run>(`/runs/${e(id)}`) });

export const seriesQuery = (runs: string[], keys: string[], points: number, steps?: [number, number]) =>
  queryOptions({
    queryKey: ['series', runs, keys, points, steps],
    queryFn: ({ signal }) =>
      api.post<SeriesSet>('/series', { run_ids: runs, keys, points, from_step: steps?.[0], to_step: steps?.[1] }, signal),
    enabled: runs.length > 0 && keys.length > 0,
    placeholderData: keepPreviousData,
  });

// `noun` is the address of what the files belong to: "/runs/7f3a…".
export const artifactsQuery = (noun: string, path: string) =>
  queryOptions({
    queryKey: ['artifacts', noun.split('/')[2] ?? '', noun, path],
    queryFn: () => api.get<ArtifactPage>(`${noun}/artifacts`, { path }),
  });

export const modelsQuery = (filter = '') =>
  queryOptions({
    queryKey: ['models', filter],
    queryFn: () => api.get<ModelPage>('/models', { filter, limit: 1000 }),
  });

export const modelQuery = (name: string) =>
  queryOptions({ queryKey: ['model', name], queryFn: () => api.get<Model>(`/models/${e(name)}`) });

export const versionsQuery = (name: string) =>
  queryOptions({
    queryKey: ['model', name, 'versions'],
    queryFn: () => api.get<VersionPage>(`/models/${e(name)}/versions`, { limit: 1000 }),
  });

export const versionQuery = (name: string, version: string) =>
  queryOptions({
    queryKey: ['model', name, 'version', version],
    queryFn: () => api.get<Version>(`/models/${e(name)}/versions/${e(version)}`),
  });

export const signatureQuery = (name: string, version: string) =>
  queryOptions({
    queryKey: ['model', name, 'version', version, 'signature'],
    queryFn: () => api.get<Signature>(`/models/${e(name)}/versions/${e(version)}/signature`),
    staleTime: Infinity,
  });

export const eventsQuery = (before = 0, type = '') =>
  queryOptions({
    queryKey: ['events', before, type],
    queryFn: () => api.get<EventPage>('/events', { before: before || undefined, type, limit: 200 }),
  });

export const runVersionsQuery = (runId: string) =>
  queryOptions({ queryKey: ['models', 'of run', runId], queryFn: () => api.get<VersionPage>('/versions', { run_id: runId }) });

export const endpointsQuery = () =>
  queryOptions({ queryKey: ['endpoints'], queryFn: () => api.get<EndpointList>('/endpoints'), refetchInterval: 5000 });

// While it loads, nothing in the event log says how far it is.
export const endpointQuery = (name: string) =>
  queryOptions({
    queryKey: ['endpoint', name],
    queryFn: () => api.get<Endpoint>(`/endpoints/${e(name)}`),
    refetchInterval: (query) => (query.state.data?.status === 'ready' ? 10_000 : 1000),
  });

export const endpointStatsQuery = (name: string) =>
  queryOptions({
    queryKey: ['endpoint', name, 'stats'],
    queryFn: () => api.get<EndpointLatencies>(`/endpoints/${e(name)}/stats`),
    refetchInterval: 1000,
    staleTime: 0,
  });

// The names of runs that events are about.
export const runNamesQuery = (ids: string[]) =>
  queryOptions({
    queryKey: ['runs', 'names', ids],
    queryFn: async () => {
      const table = await api.post<RunTable>('/runs/search', {
        experiment_ids: [],
        filter: `attributes.run_id IN (${ids.map((id) => `'${id}'`).join(', ')})`,
        view: 'all',
        limit: ids.length,
      });
      return new Map(table.ids.map((id, i) => [id, table.names[i] ?? '']));
    },
    enabled: ids.length > 0,
    staleTime: 60_000,
  });
