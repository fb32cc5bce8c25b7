import { useState } from 'react';

import { useKeys } from '~/app/keyboard';

// Moving through a list with j and k, opening with Enter. Returns the row that has the mark, or -1.
export function useRows(count: number, open: (row: number) => void, extra: Record<string, (row: number) => void> = {}) {
  const [at, setAt] = useState(-1);
  const move = (by: number) => setAt((row) => Math.max(0, Math.min(count - 1, row + by)));
  const keys: Record<string, () => void> = {
    j: () => move(1),
    k: () => move(-1),
    Enter: () => at >= 0 && at < count && open(at),
  };
  for (const [key, act] of Object.entries(extra)) keys[key] = () => at >= 0 && at < count && act(at);
  useKeys(keys, count > 0);
  return [Math.min(at, count - 1), setAt] as const;
}
