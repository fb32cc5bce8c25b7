import { useSyncExternalStore } from 'react';

export interface Toast {
  id: number;
  text: string;
  kind: 'ok' | 'bad';
}

let toasts: Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

function set(list: Toast[]) {
  toasts = list;
  listeners.forEach((listener) => listener());
}

// A short line in the corner; failures stay longer because they are worth reading.
export function say(text: string, kind: Toast['kind'] = 'ok') {
  const id = next++;
  set([...toasts, { id, text, kind }]);
  setTimeout(() => set(toasts.filter((toast) => toast.id !== id)), kind === 'bad' ? 8000 : 2500);
}

export function Toasts() {
  const list = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {list.map((toast) => (
        <div key={toast.id} className={`toast ${toast.kind}`}>
          {toast.text}
        </div>
      ))}
    </div>
  );
}
