// One stream of events for the whole page. Each event says what changed; the queries that show it are asked again.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { root } from '~/api/client';
import type { Event } from '~/api/schema';

type Listener = (event: Event) => void;
const listeners = new Set<Listener>();

// Hears every event while the component is mounted.
export function useEvents(listener: Listener) {
  useEffect(() => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [listener]);
}

// Which queries an event makes stale, by the first part of their keys.
export function staleKeys(event: Event): string[][] {
  const [noun, id] = [event.subject.split('/')[0] ?? '', event.subject.split('/')[1] ?? ''];
  switch (noun) {
    case 'run':
      return [['run', id], ['runs'], ['artifacts', id], ['experiments']];
    case 'experiment':
      return [['experiments'], ['experiment', id]];
    case 'model':
      return [['models'], ['model', id]];
    case 'endpoint':
      return [['endpoints'], ['endpoint', id]];
    default:
      return noun ? [[noun + 's']] : [];
  }
}

export function useLiveStream(): 'open' | 'lost' {
  const queries = useQueryClient();
  const [state, setState] = useState<'open' | 'lost'>('open');
  useEffect(() => {
    const stale = new Map<string, string[]>();
    const staleRuns = new Set<string>(); // charts show several runs: those that show one of these are asked for again
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A busy server sends many events a second; the page asks again at most once a second.
    const flush = () => {
      timer = undefined;
      for (const queryKey of stale.values()) void queries.invalidateQueries({ queryKey });
      void queries.invalidateQueries({
        predicate: ({ queryKey }) => queryKey[0] === 'series' && (queryKey[1] as string[]).some((run) => staleRuns.has(run)),
      });
      stale.clear();
      staleRuns.clear();
    };
    const source = new EventSource(`${root}/live`);
    let wasLost = false;
    source.onopen = () => {
      setState('open');
      if (wasLost) void queries.invalidateQueries();
      wasLost = false;
    };
    source.onerror = () => {
      wasLost = true;
      setState('lost');
    };
    source.onmessage = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as Event;
      listeners.forEach((listener) => listener(event));
      for (const key of [...staleKeys(event), ['events']]) stale.set(key.join('/'), key);
      if (event.subject.startsWith('run/')) staleRuns.add(event.subject.slice(4));
      timer ??= setTimeout(flush, 1000);
    };
    return () => {
      source.close();
      clearTimeout(timer);
    };
  }, [queries]);
  return state;
}
