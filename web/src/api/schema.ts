// Shapes of maru's HTTP API.
export type Tags = Record<string, string>;

export interface Server {
  version: string;
  mlflow_version: string;
  auth: boolean;
  principal: string;
  permission: 'view' | 'edit' | 'admin';
  workspace: string;
  parts: string[];
}

export interface Experiment {
  id: string;
  name: string;
  lifecycle: string;
  artifact_location: string;
  created_ms: number;
  updated_ms: number;
  tags: Tags;
}
export interface ExperimentPage {
  experiments: Experiment[];
  next_page_token?: string;
}
export interface Keys {
  params: string[];
  metrics: string[];
  tags: string[];
  more: boolean;
}

export interface RunQuery {
  experiment_ids: string[];
  filter?: string;
  order_by?: string[];
  view?: string;
  columns?: string[];
  limit?: number;
  offset?: number;
}
export interface RunColumn {
  name: string;
  values: (number | string | null)[];
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

export interface Metric {
  key: string;
  value: number | string;
  step: number;
  time_ms: number;
}
export interface DatasetInput {
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema?: string;
  profile?: string;
  tags: Tags;
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
  params: Tags;
  tags: Tags;
  metrics: Metric[];
  datasets: DatasetInput[];
}

export interface Series {
  run_id: string;
  key: string;
  steps: number[];
  times_ms: number[];
  values: (number | string)[];
}
export interface SeriesSet {
  series: Series[];
}

export interface Artifact {
  path: string;
  is_dir: boolean;
  size_bytes?: number;
}
export interface ArtifactPage {
  artifacts: Artifact[];
  next_page_token?: string;
}

export interface Alias {
  alias: string;
  version: string;
}
export interface Model {
  name: string;
  description: string;
  created_ms: number;
  updated_ms: number;
  tags: Tags;
  aliases: Alias[];
  latest_version: string;
}
export interface ModelPage {
  models: Model[];
  next_page_token?: string;
}
export interface Version {
  name: string;
  version: string;
  description: string;
  created_ms: number;
  updated_ms: number;
  user: string;
  stage: string;
  status: string;
  source: string;
  run_id: string;
  tags: Tags;
  aliases: string[];
}
export interface VersionPage {
  versions: Version[];
  next_page_token?: string;
}

export interface Event {
  id: number;
  time_ms: number;
  principal: string;
  type: string;
  subject: string;
  payload: Record<string, unknown>;
}
export interface EventPage {
  events: Event[];
}
export interface Field {
  name: string;
  type: string;
  shape: number[];
  required: boolean;
}
export interface Signature {
  inputs: Field[];
  outputs: Field[];
}

export interface EndpointTensor {
  name: string;
  datatype: string;
  shape: number[];
  required: boolean;
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
export interface EndpointStats {
  requests: number;
  errors: number;
  failures: number;
  in_flight: number;
  last_request_ms: number;
  mean_ms: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
}
export interface EndpointSettings {
  environment: string;
  threads: number;
  workers: number;
  queue_max: number;
  timeout_ms: number;
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
export interface EndpointList {
  endpoints: Endpoint[];
}
export interface LatencyBucket {
  up_to_ms: number;
  count: number;
}
export interface EndpointLatencies {
  stats: EndpointStats;
  latency: LatencyBucket[];
}
