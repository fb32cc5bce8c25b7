// Completion for MLflow's filter language: what may stand at the cursor. Pure.
//   metrics.loss < 0.1 and params.`learning rate` = '0.01' and tags.team != 'a' and attributes.status = 'FINISHED'
import type { Keys } from '~/api/schema';
import { rank } from '~/app/rank';

export interface Option {
  text: string; // what is put in
  label: string;
  hint: string;
}

export interface Completion {
  from: number; // the piece of the text that an option replaces
  to: number;
  options: Option[];
}

export const kAttributes = ['status', 'run_name', 'start_time', 'end_time', 'user_id', 'artifact_uri', 'run_id'];
const kStatuses = ['FINISHED', 'RUNNING', 'FAILED', 'KILLED', 'SCHEDULED'];
const kOnText = ['=', '!=', 'LIKE', 'ILIKE', 'IN'];
const kOnNumbers = ['>', '>=', '<', '<=', '=', '!='];

export function quoteKey(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? key : '`' + key + '`';
}

const kKinds: { name: keyof Keys & string; singular: string }[] = [
  { name: 'metrics', singular: 'metric' },
  { name: 'params', singular: 'param' },
  { name: 'tags', singular: 'tag' },
];

interface Token {
  text: string;
  from: number;
  to: number;
}

// Identifiers with their quoted parts, comparators, strings, numbers; an unfinished quote runs to the end.
function tokens(text: string): Token[] {
  const pattern = /(?:[A-Za-z_][\w]*\.)?(?:`[^`]*`?|"[^"]*"?)|'[^']*'?|[A-Za-z_][\w./-]*|[<>!=]+|-?[\d.]+(?:e-?\d+)?|\(|\)|,/giy;
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at++;
      continue;
    }
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const piece = match?.[0] ?? text[at]!;
    found.push({ text: piece, from: at, to: at + piece.length });
    at += piece.length;
  }
  return found;
}

type Place = 'key' | 'comparator' | 'value' | 'and';

const isComparator = (text: string) => /^([<>!=]+|like|ilike|rlike|in|is|not)$/i.test(text);

export function complete(text: string, cursor: number, keys: Keys): Completion {
  const before = tokens(text.slice(0, cursor));
  const last = before.at(-1);
  const typing = last && last.to === cursor && !/^[<>!=(,]/.test(last.text) ? last : undefined;
  const done = typing ? before.slice(0, -1) : before;

  let place: Place = 'key';
  let key = '';
  for (const token of done) {
    if (place === 'key') {
      key = token.text;
      place = 'comparator';
    } else if (place === 'comparator') {
      place = isComparator(token.text) ? 'value' : 'key';
    } else if (place === 'value') {
      if (!isComparator(token.text) && !/^[(,]$/.test(token.text)) place = 'and';
    } else if (/^and$/i.test(token.text)) {
      place = 'key';
    }
  }

  const typed = typing?.text ?? '';
  const span = { from: typing?.from ?? cursor, to: cursor };
  switch (place) {
    case 'key':
      return { ...span, options: keyOptions(typed, keys) };
    case 'comparator': {
      const number = /^metrics?\./i.test(key) || /start_time|end_time/.test(key);
      const list = number ? kOnNumbers : kOnText;
      return { ...span, options: list.filter((c) => c.startsWith(typed.toUpperCase())).map((c) => ({ text: `${c} `, label: c, hint: '' })) };
    }
    case 'value':
      if (/status$/i.test(key)) {
        const wanted = typed.replace(/^'/, '').toUpperCase();
        return { ...span, options: kStatuses.filter((s) => s.startsWith(wanted)).map((s) => ({ text: `'${s}' `, label: s, hint: 'status' })) };
      }
      return { ...span, options: [] };
    case 'and':
      return { ...span, options: 'AND'.startsWith(typed.toUpperCase()) ? [{ text: 'AND ', label: 'AND', hint: 'and another condition' }] : [] };
  }
}

function keyOptions(typed: string, keys: Keys): Option[] {
  const dot = typed.indexOf('.');
  if (dot >= 0) {
    const kind = typed.slice(0, dot).toLowerCase();
    const rest = typed.slice(dot + 1).replace(/^[`"]/, '');
    if (kind === 'attributes' || kind === 'attribute') {
      return rank(kAttributes, rest, (k) => k).map((k) => ({ text: `attributes.${k} `, label: k, hint: 'attribute' }));
    }
    const found = kKinds.find((k) => k.name === kind || k.singular === kind);
    if (!found) return [];
    const all = keys[found.name] as string[];
    return rank(all, rest, (k) => k)
      .slice(0, 50)
      .map((k) => ({ text: `${found.name}.${quoteKey(k)} `, label: k, hint: found.singular }));
  }
  const kinds: Option[] = [...kKinds.map((k) => k.name as string), 'attributes']
    .filter((name) => name.startsWith(typed.toLowerCase()))
    .map((name) => ({ text: `${name}.`, label: `${name}.`, hint: name === 'attributes' ? kAttributes.slice(0, 3).join(', ') + '…' : `${keys[name as 'metrics'].length}` }));
  if (typed === '') return kinds;
  const direct = kKinds.flatMap((kind) =>
    rank(keys[kind.name] as string[], typed, (k) => k)
      .slice(0, 12)
      .map((k) => ({ text: `${kind.name}.${quoteKey(k)} `, label: k, hint: kind.singular })),
  );
  return [...kinds, ...direct];
}
