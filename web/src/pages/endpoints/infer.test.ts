import { expect, it } from 'vitest';

import { firstValue, readField } from './infer';

const tensor = (datatype: string, shape: number[]) => ({ name: 'x', datatype, shape, required: true });

it('reads a column', () =>
  expect(readField('2.5', tensor('FP64', [-1]), true)).toEqual({ name: 'x', shape: [1], datatype: 'FP64', data: [2.5] }));
it('keeps text as text', () => expect(readField('7', tensor('BYTES', [-1]), true).data).toEqual(['7']));
it('reads rows of a tensor', () => expect(readField('1, 2, 3 4 5 6', tensor('FP32', [-1, 3]), false).shape).toEqual([2, 3]));
it('reads nested JSON', () =>
  expect(readField('[[1,2],[3,4]]', tensor('INT64', [-1, 2]), false)).toMatchObject({ shape: [2, 2], data: [1, 2, 3, 4] }));
it('says what is missing', () => {
  expect(() => readField('1, 2', tensor('FP32', [-1, 3]), false)).toThrow('x: 3 values for each row, got 2');
  expect(() => readField('many', tensor('FP32', [-1]), true)).toThrow('x: a number');
  expect(() => readField('1.5', tensor('INT32', [-1]), true)).toThrow('a whole number');
});
it('begins with zeros', () => expect(firstValue(tensor('FP32', [-1, 3]), false)).toBe('0, 0, 0'));
