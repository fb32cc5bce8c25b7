import { Tooltip } from '@mantine/core';
import { useSyncExternalStore } from 'react';

import { formatAgo, formatTime } from './format';

// One clock for every "3 min ago" on the page.
let now = Date.now();
const listeners = new Set<() => void>();
setInterval(() => {
  now = Date.now();
  listeners.forEach((listener) => listener());
}, 15_000);

export function useNow(): number {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => now,
  );
}

export function Ago({ ms }: { ms: number | undefined }) {
  const at = useNow();
  if (!ms) return null;
  return (
    <Tooltip label={formatTime(ms)}>
      <time dateTime={new Date(ms).toISOString()}>{formatAgo(ms, Math.max(at, ms))}</time>
    </Tooltip>
  );
}
