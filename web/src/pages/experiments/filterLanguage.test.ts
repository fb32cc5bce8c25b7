import { describe, expect, it } from 'vitest';

import { complete, quoteKey } from './filterLanguage';

const keys = { metrics: ['loss', 'val/accuracy', 'lr'], params: ['learning rate', 'depth'], tags: ['team'], more: false };
const labels = (text: string, cursor = text.length) => complete(text, cursor, keys).options.map((o) => o.label);
const chosen = (text: string, label: string) => {
  const found = complete(text, text.length, keys);
  const option = found.options.find((o) => o.label === label)!;
  return text.slice(0, found.from) + option.text + text.slice(found.to);
};

describe('completion of a filter', () => {
  it('starts with the kinds of keys', () => expect(labels('')).toEqual(['metrics.', 'params.', 'tags.', 'attributes.']));
  it('finds a key without its kind', () => expect(labels('los')).toEqual(['loss']));
  it('lists the keys of a kind', () => expect(labels('metrics.')).toEqual(['loss', 'val/accuracy', 'lr']));
  it('narrows them', () => expect(labels('metrics.acc')).toEqual(['val/accuracy']));
  it('quotes what needs it', () => expect(chosen('params.lea', 'learning rate')).toBe('params.`learning rate` '));
  it('goes on inside an open quote', () => expect(chosen('params.`lea', 'learning rate')).toBe('params.`learning rate` '));
  it('offers comparators for numbers', () => expect(labels('metrics.loss ')).toContain('<='));
  it('offers comparators for text', () => expect(labels("params.`learning rate` ")).toContain('LIKE'));
  it('offers statuses as values', () => expect(chosen("attributes.status = 'FI", 'FINISHED')).toBe("attributes.status = 'FINISHED' "));
  it('offers nothing inside a number', () => expect(labels('metrics.loss < 0.')).toEqual([]));
  it('joins with AND', () => expect(labels('metrics.loss < 0.1 ')).toEqual(['AND']));
  it('starts again after AND', () => expect(labels('metrics.loss < 0.1 AND par')).toContain('params.'));
  it('completes in the middle', () => expect(labels('metrics.lo AND x', 10)).toEqual(['loss']));
});

it('leaves plain keys bare', () => expect([quoteKey('loss'), quoteKey('a/b'), quoteKey('1x')]).toEqual(['loss', '`a/b`', '`1x`']));
