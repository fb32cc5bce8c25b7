import { Button, Checkbox, Popover, TextInput } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';

import type { Keys } from '~/api/schema';
import { rank } from '~/app/rank';
import { Icon } from '~/ui/Icon';
import { columnOf, kAttributeColumns } from './columns';

interface Props {
  keys: Keys;
  chosen: string[];
  onChange: (columns: string[] | null) => void; // null: the default again
}

// Chooses among any number of keys; an experiment may have twelve thousand.
export function ColumnChooser({ keys, chosen, onChange }: Props) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={320} shadow="md" transitionProps={{ duration: 0 }} trapFocus>
      <Popover.Target>
        <Button variant="default" h={30} leftSection={<Icon name="columns" size={13} />} onClick={() => setOpened((o) => !o)}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <Chooser keys={keys} chosen={chosen} onChange={onChange} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Chooser({ keys, chosen, onChange }: Props) {
  const [text, setText] = useState('');
  const scroller = useRef<HTMLDivElement>(null);
  const all = useMemo(
    () => [
      ...kAttributeColumns,
      ...keys.metrics.map((key) => `metrics.${key}`),
      ...keys.params.map((key) => `params.${key}`),
      ...keys.tags.filter((key) => !key.startsWith('mlflow.')).map((key) => `tags.${key}`),
    ],
    [keys],
  );
  // What is chosen comes first when nothing is searched, so that it can be taken away.
  const shown = useMemo(
    () => (text ? rank(all, text, (id) => id.slice(id.indexOf('.') + 1)) : [...chosen, ...all.filter((id) => !chosen.includes(id))]),
    [all, text, chosen],
  );
  const virtual = useVirtualizer({ count: shown.length, getScrollElement: () => scroller.current, estimateSize: () => 28, overscan: 6 });
  const toggle = (id: string) => onChange(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
  return (
    <>
      <div style={{ padding: 8, borderBottom: '1px solid var(--line)' }}>
        <TextInput
          size="xs"
          data-autofocus
          aria-label="Find a column"
          placeholder={`Find among ${all.length.toLocaleString('en-US')}`}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Enter' && shown[0] && toggle(shown[0])}
        />
      </div>
      <div ref={scroller} style={{ height: 320, overflow: 'auto' }}>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const id = shown[item.index]!;
            return (
              <label key={id} className="choice" style={{ transform: `translateY(${item.start}px)` }}>
                <Checkbox size="xs" checked={chosen.includes(id)} onChange={() => toggle(id)} />
                <span className="ellipsis grow">{columnOf(id)?.label ?? id}</span>
                <span className="faint">{id.slice(0, id.indexOf('.')).replace(/s$/, '')}</span>
              </label>
            );
          })}
        </div>
      </div>
      <div className="row" style={{ padding: 8, borderTop: '1px solid var(--line)' }}>
        <Button variant="subtle" color="gray" onClick={() => onChange(null)}>
          Default
        </Button>
        <Button variant="subtle" color="gray" onClick={() => onChange([])}>
          None
        </Button>
        <span className="grow" />
        <span className="faint">{chosen.length} shown</span>
      </div>
    </>
  );
}
