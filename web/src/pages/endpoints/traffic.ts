// What an endpoint has answered in each second, from its growing counters. Pure, apart from the memory of the last minutes.
import type { EndpointLatencies, LatencyBucket } from '~/api/schema';

export interface Second {
  ms: number; // since the epoch
  rate: number; // requests a second
  errors: number; // a second
  p50: number | null; // ms, of this second's requests
  p99: number | null;
}

// The latency below which the share q of the counts lies; buckets are upper bounds in ascending order.
export function quantile(buckets: readonly LatencyBucket[], q: number): number | null {
  const total = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  if (total === 0) return null;
  let seen = 0;
  let lower = 0;
  for (const bucket of buckets) {
    if (seen + bucket.count >= q * total) {
      const within = bucket.count > 0 ? (q * total - seen) / bucket.count : 1;
      return lower + (Number(bucket.up_to_ms) - lower) * within;
    }
    seen += bucket.count;
    lower = Number(bucket.up_to_ms);
  }
  return lower;
}

// What came in between two readings; a counter that fell means that the server began anew.
export function between(before: EndpointLatencies, after: EndpointLatencies, ms: number, seconds: number): Second {
  const fresh = after.stats.requests < before.stats.requests;
  const minus = (a: number, b: number) => (fresh ? a : a - b);
  const old = new Map(before.latency.map((bucket) => [bucket.up_to_ms, bucket.count]));
  const grown = after.latency.map((bucket) => ({ up_to_ms: bucket.up_to_ms, count: minus(bucket.count, old.get(bucket.up_to_ms) ?? 0) }));
  return {
    ms,
    rate: minus(after.stats.requests, before.stats.requests) / seconds,
    errors: minus(after.stats.errors, before.stats.errors) / seconds,
    p50: quantile(grown, 0.5),
    p99: quantile(grown, 0.99),
  };
}

const kKept = 600; // seconds
const history = new Map<string, { at: number; last: EndpointLatencies; seconds: Second[] }>();

// Adds a reading and returns the last ten minutes that this page has seen.
export function observe(name: string, reading: EndpointLatencies, now: number): Second[] {
  const kept = history.get(name);
  if (!kept) {
    history.set(name, { at: now, last: reading, seconds: [] });
    return [];
  }
  if (now - kept.at >= 500) {
    kept.seconds = [...kept.seconds.slice(-kKept), between(kept.last, reading, now, (now - kept.at) / 1000)];
    kept.at = now;
    kept.last = reading;
  }
  return kept.seconds;
}
