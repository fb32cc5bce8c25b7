import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { formatBytes, formatCount } from '~/ui/format';
import { Empty, Failed, Waiting } from '~/ui/states';
import { parseTable, previewKind } from './preview';

const kTextMax = 2_000_000; // bytes; beyond it only the beginning is shown
const kRowsMax = 1000;

export function Preview({ url, path, bytes }: { url: string; path: string; bytes: number }) {
  const kind = previewKind(path);
  const name = path.split('/').at(-1)!;
  switch (kind) {
    case 'image':
      return (
        <div className="preview-image">
          <img src={url} alt={name} />
        </div>
      );
    case 'audio':
      return <audio controls src={url} style={{ margin: 20 }} />;
    case 'video':
      return <video controls src={url} style={{ maxWidth: '100%' }} />;
    case 'html':
      // The server answers artifacts with a sandboxing policy of their own; this keeps the frame apart as well.
      return <iframe title={name} src={url} sandbox="allow-scripts" className="preview-frame" />;
    case 'pdf':
      return <iframe title={name} src={url} className="preview-frame" />;
    case 'none':
      return bytes < 64_000 ? <Text url={url} kind="maybe" path={path} /> : <Empty title="No preview for this kind of file">{formatBytes(bytes)} to download.</Empty>;
    default:
      return <Text url={url} kind={kind} path={path} />;
  }
}

function Text({ url, kind, path }: { url: string; kind: 'text' | 'json' | 'table' | 'maybe'; path: string }) {
  const query = useQuery({
    queryKey: ['content', url],
    queryFn: async ({ signal }) => {
      const response = await fetch(url, { signal, headers: { Range: `bytes=0-${kTextMax - 1}` } });
      if (!response.ok) throw new Error(`The server answered ${response.status}.`);
      return response.text();
    },
    staleTime: Infinity,
    gcTime: 60_000,
  });
  const text = query.data;
  const pretty = useMemo(() => {
    if (kind !== 'json' || !text) return text;
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  }, [text, kind]);
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (text === undefined) return <Waiting what="the file" />;
  if (kind === 'maybe' && /[\0-\x08\x0e-\x1a]|\ufffd/.test(text)) return <Empty title="No preview for this kind of file" />;
  if (kind === 'table') return <Rows text={text} separator={path.toLowerCase().endsWith('.tsv') ? '\t' : ','} />;
  return (
    <>
      <pre className="preview-text">{pretty}</pre>
      {text.length >= kTextMax && <p className="faint" style={{ padding: 12 }}>Only the first {formatBytes(kTextMax)} are shown.</p>}
    </>
  );
}

function Rows({ text, separator }: { text: string; separator: ',' | '\t' }) {
  const rows = useMemo(() => parseTable(text, separator, kRowsMax + 1), [text, separator]);
  const [head, ...body] = rows;
  const numeric = useMemo(() => head?.map((_, i) => body.slice(0, 50).every((row) => !row[i] || !Number.isNaN(Number(row[i])))) ?? [], [rows]);
  return (
    <>
      <table className="list">
        <thead>
          <tr>
            {head?.map((name, i) => (
              <th key={i} className={numeric[i] ? 'num' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row, r) => (
            <tr key={r}>
              {row.map((cell, i) => (
                <td key={i} className={numeric[i] ? 'num' : undefined}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {body.length >= kRowsMax && <p className="faint" style={{ padding: 12 }}>Only the first {formatCount(kRowsMax)} rows are shown.</p>}
    </>
  );
}
