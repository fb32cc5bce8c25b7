// The files of a run, as a tree, with previews. Which file is shown is in the address.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';

import { root, withQuery } from '~/api/client';
import { artifactsQuery } from '~/api/queries';
import type { Artifact } from '~/api/schema';
import { formatBytes } from '~/ui/format';
import { Icon } from '~/ui/Icon';
import { Copy, Empty, Failed, Waiting } from '~/ui/states';
import { Preview } from './Preview';

const e = encodeURIComponent;
const encodePath = (path: string) => path.split('/').map(e).join('/');

// The router may have decoded the path already; then a lone % in a file's name is meant as it is.
function decode(path: string): string {
  try {
    return path.split('/').map(decodeURIComponent).join('/');
  } catch {
    return path;
  }
}

interface Props {
  noun: string; // "/runs/7f3a…", as in the API
  path: string; // of the file shown, percent-encoded as in the address
  empty: { title: string; command?: string };
}

export function Artifacts({ noun, path, empty }: Props) {
  const shown = decode(path);
  const top = useQuery(artifactsQuery(noun, ''));
  if (top.error) return <Failed error={top.error} retry={() => void top.refetch()} />;
  if (!top.data) return <Waiting what="artifacts" />;
  if (top.data.artifacts.length === 0) return <Empty {...empty} />;
  return (
    <div className="files">
      <nav aria-label="Files" className="files-tree">
        <Folder noun={noun} path="" shown={shown} depth={0} />
      </nav>
      <div className="files-view">
        {shown ? <File key={shown} noun={noun} path={shown} /> : <Empty title="Choose a file">Its content appears here.</Empty>}
      </div>
    </div>
  );
}

function Folder({ noun, path, shown, depth }: { noun: string; path: string; shown: string; depth: number }) {
  const query = useQuery(artifactsQuery(noun, path));
  if (query.error) return <div className="muted">{query.error.message}</div>;
  return (
    <ul>
      {query.data?.artifacts.map((item) => (
        <Item key={item.path} noun={noun} item={item} shown={shown} depth={depth} />
      ))}
    </ul>
  );
}

function Item({ noun, item, shown, depth }: { noun: string; item: Artifact; shown: string; depth: number }) {
  const [open, setOpen] = useState(shown.startsWith(`${item.path}/`));
  const name = item.path.split('/').at(-1)!;
  const style = { paddingLeft: 8 + depth * 14 };
  if (item.is_dir) {
    return (
      <li>
        <button type="button" style={style} aria-expanded={open} onClick={() => setOpen((o) => !o)}>
          <Icon name="chevron" size={11} turn={open ? 90 : 0} />
          <Icon name="folder" size={14} />
          <span className="ellipsis grow">{name}</span>
        </button>
        {open && <Folder noun={noun} path={item.path} shown={shown} depth={depth + 1} />}
      </li>
    );
  }
  return (
    <li>
      <Link href={`${noun}/artifacts/${encodePath(item.path)}`} style={style} aria-current={item.path === shown ? 'page' : undefined}>
        <span style={{ width: 11 }} />
        <Icon name="file" size={14} />
        <span className="ellipsis grow">{name}</span>
        <span className="faint">{item.size_bytes === undefined ? '' : formatBytes(item.size_bytes)}</span>
      </Link>
    </li>
  );
}

function File({ noun, path }: { noun: string; path: string }) {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  const siblings = useQuery(artifactsQuery(noun, folder));
  const info = siblings.data?.artifacts.find((item) => item.path === path);
  const url = withQuery(`${root}${noun}/artifacts/content`, { path });
  return (
    <>
      <header className="row">
        <span className="ellipsis" style={{ fontWeight: 500 }}>
          {path}
        </span>
        <Copy text={path} what="Copy the path" />
        <span className="grow" />
        <span className="faint">{info?.size_bytes === undefined ? '' : formatBytes(info.size_bytes)}</span>
        <Button component="a" href={url} download={path.split('/').at(-1)} variant="default" leftSection={<Icon name="download" size={13} />}>
          Download
        </Button>
      </header>
      <div className="files-content">
        {info ? (
          <Preview url={url} path={path} bytes={info.size_bytes ?? 0} />
        ) : siblings.data ? (
          <Empty title="This file is not there" />
        ) : (
          <Waiting what="the file" />
        )}
      </div>
    </>
  );
}
