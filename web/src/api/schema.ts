// Shapes of maru’s HTTP API, written by api-types.mjs from docs/api/openapi.json. Do not edit.

export interface Alias {
  alias: string;
  version: string;
}

export interface Artifact {
  path: string;
  is_dir: boolean;
  size_bytes?: number;
}

export interface ArtifactPage {
  artifacts: Artifact[];
}

export interface DatasetInput {
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema?: string;
  profile?: string;
  tags: Record<string, string>;
}

export interface Endpoint {
  name: string;
  model_uri: string;
  status: string;
  problem: string;
  settings: EndpointSettings;
  created_by: string;
  created_ms: number;
  updated_ms: number;
  revision?: number;
  model_name: string;
  model_version: string;
  platform: string;
  columns: boolean;
  inputs: EndpointTensor[];
  outputs: EndpointTensor[];
  revisions: EndpointRevision[];
  stats: EndpointStats;
}

export interface EndpointLatencies {
  stats: EndpointStats;
  latency: LatencyBucket[];
}

export interface EndpointList {
  endpoints: Endpoint[];
}

export interface EndpointRevision {
  number: number;
  model_name: string;
  model_version: string;
  state: string;
  error: string;
  attempts: number;
  created_ms: number;
  ready_ms: number;
  ended_ms: number;
}

export interface EndpointSettings {
  environment: string;
  threads: number;
  workers: number;
  queue_max: number;
  timeout_ms: number;
}

export interface EndpointStats {
  requests: number;
  errors: number;
  failures: number;
  in_flight: number;
  last_request_ms: number;
  mean_ms: number | 'NaN' | 'Infinity' | '-Infinity';
  p50_ms: number | 'NaN' | 'Infinity' | '-Infinity';
  p95_ms: number | 'NaN' | 'Infinity' | '-Infinity';
  p99_ms: number | 'NaN' | 'Infinity' | '-Infinity';
}

export interface EndpointTensor {
  name: string;
  datatype: string;
  shape: number[];
  required: boolean;
}

export interface Event {
  id: number;
  time_ms: number;
  principal: string;
  type: string;
  subject: string;
  payload: unknown;
}

export interface EventPage {
  events: Event[];
}

export interface Experiment {
  id: string;
  name: string;
  lifecycle: string;
  artifact_location: string;
  created_ms: number;
  updated_ms: number;
  tags: Record<string, string>;
}

export interface ExperimentPage {
  experiments: Experiment[];
  next_page_token: string;
}

export interface Field {
  name: string;
  type: string;
  shape: number[];
  required: boolean;
}

export interface Keys {
  params: string[];
  metrics: string[];
  tags: string[];
  more: boolean;
}

export interface LatencyBucket {
  up_to_ms: number | 'NaN' | 'Infinity' | '-Infinity';
  count: number;
}

export interface Metric {
  key: string;
  value: number | 'NaN' | 'Infinity' | '-Infinity';
  step: number;
  time_ms: number;
}

export interface Model {
  name: string;
  description: string;
  created_ms: number;
  updated_ms: number;
  tags: Record<string, string>;
  aliases: Alias[];
  latest_version: string;
}

export interface ModelPage {
  models: Model[];
  next_page_token: string;
}

export interface Run {
  id: string;
  name: string;
  experiment_id: string;
  status: string;
  lifecycle: string;
  user: string;
  start_ms: number;
  end_ms?: number;
  artifact_uri: string;
  params: Record<string, string>;
  tags: Record<string, string>;
  metrics: Metric[];
  datasets: DatasetInput[];
}

export interface RunColumn {
  name: string;
  values: unknown;
}

export interface RunTable {
  ids: string[];
  experiment_ids: string[];
  names: string[];
  statuses: string[];
  users: string[];
  starts_ms: number[];
  ends_ms: number[];
  columns: RunColumn[];
  total: number;
}

export interface Series {
  run_id: string;
  key: string;
  steps: number[];
  times_ms: number[];
  values: (number | 'NaN' | 'Infinity' | '-Infinity')[];
}

export interface SeriesSet {
  series: Series[];
}

export interface Server {
  version: string;
  mlflow_version: string;
  auth: boolean;
  principal: string;
  permission: string;
  workspace: string;
  parts: string[];
}

export interface Signature {
  inputs: Field[];
  outputs: Field[];
}

export interface Version {
  name: string;
  version: string;
  description: string;
  created_ms: number;
  updated_ms: number;
  user: string;
  stage: string;
  source: string;
  run_id: string;
  tags: Record<string, string>;
  aliases: string[];
}

export interface VersionPage {
  versions: Version[];
  next_page_token: string;
}
