import { expect, it } from 'vitest';

import { between, quantile } from './traffic';

const reading = (requests: number, errors: number, latency: [number, number][]) => ({
  stats: { requests, errors, failures: 0, in_flight: 0, last_request_ms: 0, mean_ms: 0, p50_ms: 0, p95_ms: 0, p99_ms: 0 },
  latency: latency.map(([up_to_ms, count]) => ({ up_to_ms, count })),
});

it('finds quantiles inside their buckets', () => {
  const buckets = [{ up_to_ms: 1, count: 50 }, { up_to_ms: 2, count: 50 }];
  expect(quantile(buckets, 0.5)).toBeCloseTo(1);
  expect(quantile(buckets, 0.75)).toBeCloseTo(1.5);
  expect(quantile([], 0.5)).toBeNull();
});

it('reads rates from growing counters', () => {
  const second = between(reading(100, 1, [[1, 100]]), reading(300, 5, [[1, 100], [4, 200]]), 0, 2);
  expect(second.rate).toBe(100);
  expect(second.errors).toBe(2);
  expect(second.p50).toBeGreaterThan(1);
});

it('knows a restarted server', () => expect(between(reading(500, 0, []), reading(20, 0, [[1, 20]]), 0, 1).rate).toBe(20));
