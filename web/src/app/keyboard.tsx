import { Modal } from '@mantine/core';
import { useEffect, useRef } from 'react';

// Keys are "j", "/", "?", "mod+k" (⌘ or Ctrl), "Escape", or two in a row: "g x". Single keys do nothing while a person
// types into a field.
export type Keys = Record<string, (event: KeyboardEvent) => void>;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

let pending = '';
let pendingUntil = 0;

export function useKeys(keys: Keys, active = true) {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      const mod = event.metaKey || event.ctrlKey;
      const name = mod ? `mod+${event.key.toLowerCase()}` : event.key;
      if (!mod && isTyping(event.target) && event.key !== 'Escape') return;
      if (!mod && document.querySelector('[role="dialog"]') && event.key !== 'Escape') return;
      const pair = performance.now() < pendingUntil ? `${pending} ${name}` : '';
      const action = latest.current[pair] ?? latest.current[name];
      if (!action) return;
      event.preventDefault();
      action(event);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [active]);
}

// Remembers the first of two keys; registered once, after every handler has had its look.
if (typeof window !== 'undefined') {
  window.addEventListener('keydown', (event) => {
    if (isTyping(event.target) || event.metaKey || event.ctrlKey) return;
    pending = event.key;
    pendingUntil = performance.now() + 900;
  });
}

const kShortcuts: [string, string][] = [
  ['⌘K  Ctrl K', 'Go to anything'],
  ['/', 'Filter the list'],
  ['j  k', 'Next and previous row'],
  ['Enter', 'Open the row'],
  ['x', 'Select the row'],
  ['c', 'Compare the selected runs'],
  ['g h', 'Home'],
  ['g x', 'Experiments'],
  ['g m', 'Models'],
  ['g e', 'Endpoints'],
  ['g v', 'Events'],
  ['t t', 'Dark or light'],
  ['?', 'This list'],
];

export function Shortcuts({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" size="sm">
      <dl className="facts">
        {kShortcuts.map(([keys, what]) => (
          <div key={keys} style={{ display: 'contents' }}>
            <dt>
              {keys.split('  ').map((key) => (
                <span key={key} className="kbd" style={{ marginRight: 4 }}>
                  {key}
                </span>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
