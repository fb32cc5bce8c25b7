import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';

import type { Keys } from '~/api/schema';
import { useKeys } from '~/app/keyboard';
import { Icon } from '~/ui/Icon';
import { complete, type Completion } from './filterLanguage';

interface Props {
  value: string;
  keys: Keys;
  error?: string;
  onApply: (filter: string) => void;
}

// The filter's text with completion. Enter applies; the address keeps it, so a filtered table can be sent to someone.
export function FilterBox({ value, keys, error, onApply }: Props) {
  const [text, setText] = useState(value);
  const [shown, setShown] = useState<Completion | null>(null);
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => setText(value), [value]);
  useKeys({ '/': () => input.current?.focus() });
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const refresh = (next: string) => {
    const found = complete(next, input.current?.selectionStart ?? next.length, keys);
    setShown(found.options.length > 0 ? found : null);
    setAt(-1);
  };
  const take = (index: number) => {
    const option = shown?.options[index];
    if (!shown || !option) return;
    const next = text.slice(0, shown.from) + option.text + text.slice(shown.to).trimStart();
    const cursor = shown.from + option.text.length;
    // At once: who types on must not find the cursor elsewhere.
    flushSync(() => setText(next));
    input.current?.setSelectionRange(cursor, cursor);
    refresh(next);
  };
  const apply = (next: string) => {
    setShown(null);
    onApply(next.trim());
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const count = shown?.options.length ?? 0;
    if (event.key === 'ArrowDown' && count) setAt((i) => (i + 1) % count);
    else if (event.key === 'ArrowUp' && count) setAt((i) => (i <= 0 ? count - 1 : i - 1));
    else if (event.key === 'Tab' && count && !event.shiftKey) take(Math.max(at, 0));
    else if (event.key === 'Enter' && at >= 0) take(at);
    else if (event.key === 'Enter') apply(text);
    else if (event.key === 'Escape') {
      if (shown) setShown(null);
      else input.current?.blur();
    } else return;
    event.preventDefault();
  };

  return (
    <div className="filter grow" data-bad={error ? true : undefined}>
      <Icon name="search" size={13} />
      <input
        ref={input}
        className="mono"
        role="combobox"
        aria-label="Filter runs"
        aria-expanded={shown !== null}
        aria-controls="filter-options"
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? 'filter-error' : undefined}
        placeholder="metrics.loss < 0.1 AND params.model = 'lgbm'"
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          refresh(event.currentTarget.value);
        }}
        onFocus={() => refresh(text)}
        onClick={() => refresh(text)}
        onBlur={() => setShown(null)}
        onKeyDown={onKeyDown}
      />
      {text ? (
        <button type="button" className="clear" aria-label="Clear the filter" onClick={() => (setText(''), apply(''))}>
          <Icon name="close" size={13} />
        </button>
      ) : (
        <span className="kbd">/</span>
      )}
      {shown && (
        <div className="options" id="filter-options" role="listbox" ref={list}>
          {shown.options.map((option, i) => (
            <div
              key={option.text}
              role="option"
              aria-selected={i === at}
              onMouseDown={(event) => {
                event.preventDefault();
                take(i);
              }}
            >
              <span className="mono ellipsis grow">{option.label}</span>
              <span className="faint">{option.hint}</span>
            </div>
          ))}
        </div>
      )}
      {error && (
        <div className="problem" id="filter-error" role="alert">
          {error}
        </div>
      )}
    </div>
  );
}
