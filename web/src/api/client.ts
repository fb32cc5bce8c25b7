// The one place that talks to the server: maru's own API, /api/maru/v1, as docs/api/openapi.json describes it.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string,
  ) {
    super(message);
  }
}

type QueryValue = string | number | boolean | undefined | null | readonly string[];

export function withQuery(path: string, query?: Record<string, QueryValue>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null || value === '') continue;
    if (Array.isArray(value)) for (const item of value) search.append(key, item);
    else search.set(key, String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

export const root = '/api/maru/v1';

interface Options {
  query?: Record<string, QueryValue>;
  body?: unknown;
  signal?: AbortSignal;
}

async function send<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  // A header that a form on another site cannot set: the server wants it with every cookie that changes something.
  if (method !== 'GET') headers['X-Maru-Request'] = '1';
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(withQuery(/^\/(v2|session)\b/.test(path) ? path : root + path, options.query), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      credentials: 'same-origin',
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'UNREACHABLE', 'The server does not answer. Is maru still running?', '');
  }
  const text = await response.text();
  if (response.ok) return (text ? parse(text) : undefined) as T;
  let code = String(response.status);
  let message = text || response.statusText;
  try {
    const body = JSON.parse(text) as { code?: string; error_code?: string; message?: string };
    code = body.code ?? body.error_code ?? code;
    message = body.message ?? message;
  } catch {
    /* not JSON: a proxy in between answered; show what it said */
  }
  if (response.status === 401 && !location.pathname.startsWith('/login')) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  throw new ApiError(response.status, code, message, response.headers.get('X-Request-Id') ?? '');
}

// The API spells numbers that JSON has no word for as strings, as protobuf's JSON does; where a number is expected,
// `toNumber` reads them.
function parse(text: string): unknown {
  return JSON.parse(text);
}

export function toNumber(value: number | string | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return value;
  if (value === 'NaN') return NaN;
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  return null;
}

export const api = {
  get: <T>(path: string, query?: Record<string, QueryValue>, signal?: AbortSignal) => send<T>('GET', path, { query, signal }),
  post: <T>(path: string, body?: unknown, signal?: AbortSignal) => send<T>('POST', path, { body: body ?? {}, signal }),
  put: <T>(path: string, body?: unknown) => send<T>('PUT', path, { body: body ?? {} }),
  patch: <T>(path: string, body: unknown) => send<T>('PATCH', path, { body }),
  delete: <T>(path: string, query?: Record<string, QueryValue>) => send<T>('DELETE', path, { query }),
};
