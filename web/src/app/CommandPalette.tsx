import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';

import { experimentsQuery, modelsQuery } from '~/api/queries';
import { Icon, type IconName } from '~/ui/Icon';
import { rank } from './rank';

interface Target {
  label: string;
  hint: string;
  icon: IconName;
  to: string;
}

interface Props {
  opened: boolean;
  onClose: () => void;
  parts: { label: string; to: string; icon: IconName }[];
}

// Goes anywhere by name. A run's id, pasted whole, goes to the run.
export function CommandPalette({ opened, onClose, parts }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      withCloseButton={false}
      size={560}
      padding={0}
      yOffset="12vh"
      centered={false}
      transitionProps={{ duration: 0 }} // who types fast must not type into a palette that still fades out
      aria-label="Search or go to"
    >
      <Palette onClose={onClose} parts={parts} />
    </Modal>
  );
}

function Palette({ onClose, parts }: Omit<Props, 'opened'>) {
  const [, go] = useLocation();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const experiments = useQuery(experimentsQuery());
  const models = useQuery({ ...modelsQuery(), enabled: parts.some((part) => part.to === '/models') });
  const list = useRef<HTMLDivElement>(null);

  const targets = useMemo<Target[]>(
    () => [
      ...parts.map((part) => ({ ...part, hint: 'Go to' })),
      ...(experiments.data?.experiments ?? []).map((x) => ({
        label: x.name,
        hint: 'Experiment',
        icon: 'experiments' as const,
        to: `/experiments/${encodeURIComponent(x.id)}`,
      })),
      ...(models.data?.models ?? []).map((m) => ({
        label: m.name,
        hint: 'Model',
        icon: 'models' as const,
        to: `/models/${encodeURIComponent(m.name)}`,
      })),
    ],
    [parts, experiments.data, models.data],
  );

  const found = useMemo(() => {
    const wanted = text.trim();
    if (/^[0-9a-f]{32}$/.test(wanted)) return [{ label: wanted, hint: 'Run', icon: 'play' as const, to: `/runs/${wanted}` }];
    return rank(targets, wanted, (target) => target.label).slice(0, 50);
  }, [targets, text]);

  useEffect(() => setAt(0), [text]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const open = (target: Target | undefined) => {
    if (!target) return;
    onClose();
    go(target.to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt((i) => Math.min(i + 1, found.length - 1));
    else if (event.key === 'ArrowUp') setAt((i) => Math.max(i - 1, 0));
    else if (event.key === 'Enter') open(found[at]);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <div className="palette-input">
        <Icon name="search" size={15} />
        <input
          data-autofocus
          role="combobox"
          aria-expanded
          aria-controls="palette-list"
          aria-label="Search or go to"
          placeholder="Go to an experiment, model, run id…"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          spellCheck={false}
        />
        <span className="kbd">Esc</span>
      </div>
      <div className="palette-list" id="palette-list" role="listbox" ref={list}>
        {found.map((target, i) => (
          <button
            type="button"
            key={target.to}
            role="option"
            aria-selected={i === at}
            tabIndex={-1}
            onMouseMove={() => setAt(i)}
            onClick={() => open(target)}
          >
            <Icon name={target.icon} size={15} />
            <span className="ellipsis grow">{target.label}</span>
            <span className="faint">{target.hint}</span>
          </button>
        ))}
        {found.length === 0 && <div className="palette-none">Nothing is called “{text}”.</div>}
      </div>
    </>
  );
}
