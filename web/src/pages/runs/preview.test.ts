import { expect, it } from 'vitest';

import { parseTable, previewKind } from './preview';

it('knows files by their names', () => {
  expect(previewKind('plots/roc.PNG')).toBe('image');
  expect(previewKind('model/MLmodel')).toBe('text');
  expect(previewKind('model/model.onnx')).toBe('none');
  expect(previewKind('data.csv')).toBe('table');
});
it('reads quoted fields', () => expect(parseTable('a,"b, ""c"""\r\n1,"x\ny"', ',', 9)).toEqual([['a', 'b, "c"'], ['1', 'x\ny']]));
it('stops at the limit', () => expect(parseTable('1\n2\n3\n', ',', 2)).toEqual([['1'], ['2']]));
it('keeps empty fields', () => expect(parseTable('a\t\tb\n', '\t', 9)).toEqual([['a', '', 'b']]));
