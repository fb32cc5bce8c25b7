// A KServe v2 request from what a person typed, field by field. Pure.
// https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
import type { EndpointTensor } from '~/api/schema';

export interface InferTensor {
  name: string;
  shape: number[];
  datatype: string;
  data: (number | string | boolean)[];
}

function parseOne(text: string, tensor: EndpointTensor): number | string | boolean {
  if (tensor.datatype === 'BYTES') return text;
  if (tensor.datatype === 'BOOL') {
    if (/^(true|1)$/i.test(text)) return true;
    if (/^(false|0)$/i.test(text)) return false;
    throw new Error(`${tensor.name}: true or false`);
  }
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new Error(`${tensor.name}: a number`);
  if (/INT/.test(tensor.datatype) && !Number.isInteger(value)) throw new Error(`${tensor.name}: a whole number`);
  return value;
}

function split(text: string, tensor: EndpointTensor): unknown[] {
  if (text.trim().startsWith('[')) return (JSON.parse(text) as unknown[]).flat(Infinity as 1);
  return tensor.datatype === 'BYTES' ? text.split('\n') : text.split(/[\s,]+/).filter(Boolean);
}

// One value for a column; for a tensor, values separated by commas or spaces, or a JSON array of any depth.
export function readField(text: string, tensor: EndpointTensor, column: boolean): InferTensor {
  const { name, datatype } = tensor;
  if (column) return { name, shape: tensor.shape.map(() => 1), datatype, data: [parseOne(text, tensor)] };
  const data = split(text, tensor).map((item) => parseOne(String(item), tensor));
  const known = tensor.shape.filter((n) => n >= 0).reduce((a, b) => a * b, 1);
  const open = tensor.shape.some((n) => n < 0);
  if (!open && data.length !== known) throw new Error(`${name}: ${known} values, got ${data.length}`);
  if (known > 0 && data.length % known !== 0) throw new Error(`${name}: ${known} values for each row, got ${data.length}`);
  // The first open dimension takes what is left; the others are 1.
  let left = known > 0 ? data.length / known : 0;
  const shape = tensor.shape.map((n) => {
    if (n >= 0) return n;
    const own = left;
    left = 1;
    return own;
  });
  return { name, shape, datatype, data };
}

// What stands in a field before anybody types: zeros of the right number.
export function firstValue(tensor: EndpointTensor, column: boolean): string {
  if (tensor.datatype === 'BYTES') return 'a';
  const zero = tensor.datatype === 'BOOL' ? 'false' : '0';
  if (column) return zero;
  const count = tensor.shape.map((n) => (n < 0 ? 1 : n)).reduce((a, b) => a * b, 1);
  return Array.from({ length: Math.min(count, 4096) }, () => zero).join(', ');
}
