// Writes src/api/schema.ts from docs/api/openapi.json, which is what the server says of itself.
//   node web/api-types.mjs            after the API changed
//   node web/api-types.mjs --check    fails when the file is not what it would write
import { readFileSync, writeFileSync } from 'node:fs';

const web = new URL('.', import.meta.url);
const document = JSON.parse(readFileSync(new URL('../docs/api/openapi.json', web), 'utf8'));

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if (schema.oneOf) return schema.oneOf.map(typeOf).join(' | ');
  if (schema.enum) return schema.enum.map((value) => `'${value}'`).join(' | ');
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  if (schema.type === 'string' || schema.type === 'boolean') return schema.type;
  if (schema.type === 'array') {
    const item = typeOf(schema.items);
    return item.includes('|') ? `(${item})[]` : `${item}[]`;
  }
  if (schema.additionalProperties) return `Record<string, ${typeOf(schema.additionalProperties)}>`;
  return 'unknown';
}

let text = '// Shapes of maru’s HTTP API, written by api-types.mjs from docs/api/openapi.json. Do not edit.\n';
for (const [name, schema] of Object.entries(document.components.schemas)) {
  const required = new Set(schema.required ?? []);
  const members = Object.entries(schema.properties ?? {});
  if (members.length === 0) continue;
  text += `\nexport interface ${name} {\n`;
  for (const [member, its] of members) text += `  ${member}${required.has(member) ? '' : '?'}: ${typeOf(its)};\n`;
  text += '}\n';
}

const path = new URL('src/api/schema.ts', web);
if (process.argv[2] === '--check') {
  if (readFileSync(path, 'utf8') !== text) {
    console.error('src/api/schema.ts is not what docs/api/openapi.json says; run node web/api-types.mjs');
    process.exit(1);
  }
} else {
  writeFileSync(path, text);
}
