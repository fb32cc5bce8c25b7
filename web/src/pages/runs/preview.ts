// What kind of preview a file gets, and how a table is read from text. Pure.

export type PreviewKind = 'image' | 'text' | 'json' | 'table' | 'html' | 'pdf' | 'audio' | 'video' | 'none';

const byExtension: Record<string, PreviewKind> = Object.fromEntries(
  (
    [
      ['image', 'png jpg jpeg gif webp svg bmp ico avif'],
      ['json', 'json ipynb geojson'],
      ['table', 'csv tsv'],
      ['html', 'html htm'],
      ['pdf', 'pdf'],
      ['audio', 'wav mp3 ogg flac'],
      ['video', 'mp4 webm mov'],
      ['text', 'txt md log py ipy r sql sh yaml yml toml ini cfg conf xml js ts cc h cpp java go rs jsonl ndjson env lock diff patch dockerfile mlmodel'],
    ] as [PreviewKind, string][]
  ).flatMap(([kind, list]) => list.split(' ').map((extension) => [extension, kind])),
);

export function previewKind(path: string): PreviewKind {
  const name = path.split('/').at(-1)!.toLowerCase();
  if (name === 'mlmodel' || name === 'dockerfile' || name === 'makefile' || name === 'license') return 'text';
  return byExtension[name.includes('.') ? name.slice(name.lastIndexOf('.') + 1) : ''] ?? 'none';
}

// RFC 4180, with the separator given; at most `limit` rows.
export function parseTable(text: string, separator: ',' | '\t', limit: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') (field += '"'), i++;
      else quoted = false;
    } else if (c === '"' && field === '') quoted = true;
    else if (c === separator) row.push(field), (field = '');
    else if (c === '\n') {
      row.push(field.endsWith('\r') ? field.slice(0, -1) : field);
      rows.push(row);
      if (rows.length >= limit) return rows;
      row = [];
      field = '';
    } else field += c;
  }
  if (field !== '' || row.length > 0) rows.push([...row, field]);
  return rows;
}
