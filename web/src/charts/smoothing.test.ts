import { expect, it } from 'vitest';

import { smooth } from './smoothing';

it('leaves the data alone at weight 0', () => expect(smooth([1, null, 3], 0)).toEqual([1, null, 3]));
it('keeps a constant constant from the first point on', () => {
  for (const v of smooth([5, 5, 5, 5], 0.9)) expect(v).toBeCloseTo(5, 12);
});
it('moves towards new values slowly', () => {
  const out = smooth([0, 0, 0, 10], 0.9) as number[];
  expect(out[3]).toBeGreaterThan(0);
  expect(out[3]).toBeLessThan(5);
});
it('passes NaN through and goes on', () => {
  const out = smooth([1, NaN, 1], 0.5);
  expect(out[1]).toBeNaN();
  expect(out[2]).toBeCloseTo(1, 12);
});
