// State that belongs to the address: a view with its filter and columns can be sent to a colleague as a link.
import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';

export function useAddress(): [URLSearchParams, (change: Record<string, string | string[] | null>) => void] {
  const search = useSearch();
  const [path, go] = useLocation();
  const params = useMemo(() => new URLSearchParams(search), [search]);
  const set = useCallback(
    (change: Record<string, string | string[] | null>) => {
      const next = new URLSearchParams(search);
      for (const [key, value] of Object.entries(change)) {
        next.delete(key);
        if (Array.isArray(value)) value.forEach((item) => next.append(key, item));
        else if (value !== null && value !== '') next.set(key, value);
      }
      const text = next.toString();
      go(text ? `${path}?${text}` : path, { replace: true });
    },
    [search, path, go],
  );
  return [params, set];
}
