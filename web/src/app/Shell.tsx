import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Link, useLocation } from 'wouter';

import { serverQuery } from '~/api/queries';
import { api } from '~/api/client';
import { Icon, type IconName, Mark } from '~/ui/Icon';
import { CommandPalette } from './CommandPalette';
import { Shortcuts, useKeys } from './keyboard';
import { useLiveStream } from './live';

interface Part {
  name: string; // as the server lists it in `parts`; '' is always there
  label: string;
  to: string;
  icon: IconName;
  key: string; // after g
}

// In the order of a model's life. A part appears when the server says that it works.
export const kParts: Part[] = [
  { name: '', label: 'Home', to: '/', icon: 'home', key: 'h' },
  { name: 'experiments', label: 'Experiments', to: '/experiments', icon: 'experiments', key: 'x' },
  { name: 'models', label: 'Models', to: '/models', icon: 'models', key: 'm' },
  { name: 'endpoints', label: 'Endpoints', to: '/endpoints', icon: 'endpoints', key: 'e' },
  { name: 'events', label: 'Events', to: '/events', icon: 'events', key: 'v' },
];

export function Shell({ children }: { children: ReactNode }) {
  const [location, go] = useLocation();
  const server = useQuery(serverQuery());
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const stream = useLiveStream();
  const parts = kParts.filter((part) => part.name === '' || server.data?.parts.includes(part.name));

  useKeys({
    'mod+k': () => setPalette(true),
    '?': () => setHelp(true),
    ...Object.fromEntries(parts.map((part) => [`g ${part.key}`, () => go(part.to)])),
  });

  const at = (part: Part) =>
    part.to === '/'
      ? location === '/'
      : location.startsWith(part.to) || (part.to === '/experiments' && /^\/(runs|compare)/.test(location));

  return (
    <div className="shell">
      <nav className="rail" aria-label="Parts of maru">
        <Link href="/" className="brand" aria-label="maru, home">
          <Mark />
          <span className="label">maru</span>
        </Link>
        <button type="button" className="item search" onClick={() => setPalette(true)} aria-label="Search or go to">
          <Icon name="search" size={14} />
          <span className="label">Search</span>
          <span className="count">
            <span className="kbd">⌘K</span>
          </span>
        </button>
        {parts.map((part) => (
          <Link key={part.to} href={part.to} aria-current={at(part) ? 'page' : undefined} aria-label={part.label}>
            <Icon name={part.icon} />
            <span className="label">{part.label}</span>
          </Link>
        ))}
        <div style={{ marginTop: 'auto' }} />
        {stream === 'lost' && (
          <div className="row" style={{ padding: '4px 8px', color: 'var(--warn)' }} role="status">
            <span className="dot warn" />
            <span className="label">Reconnecting…</span>
          </div>
        )}
        <RailFooter onHelp={() => setHelp(true)} />
      </nav>
      <main className="main">{children}</main>
      <CommandPalette opened={palette} onClose={() => setPalette(false)} parts={parts} />
      <Shortcuts opened={help} onClose={() => setHelp(false)} />
    </div>
  );
}

function RailFooter({ onHelp }: { onHelp: () => void }) {
  const server = useQuery(serverQuery());
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const dark = document.documentElement.getAttribute('data-mantine-color-scheme') === 'dark';
  useKeys({ 't t': () => setColorScheme(dark ? 'light' : 'dark') });
  return (
    <div className="row" style={{ padding: '4px 0 0 8px', gap: 2, flexWrap: 'wrap' }}>
      <span className="faint label grow ellipsis" title={server.data ? `maru ${server.data.version}` : ''}>
        {server.data?.auth ? server.data.principal : server.data ? `v${server.data.version}` : ''}
      </span>
      <Tooltip label={dark ? 'Light' : 'Dark'}>
        <ActionIcon aria-label={dark ? 'Switch to light' : 'Switch to dark'} onClick={() => setColorScheme(dark ? 'light' : 'dark')}>
          <Icon name={dark ? 'sun' : 'moon'} size={15} />
        </ActionIcon>
      </Tooltip>
      <Menu position="top-start" width={190}>
        <Menu.Target>
          <ActionIcon aria-label="More">
            <Icon name="dots" size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={onHelp} rightSection={<span className="kbd">?</span>}>
            Keyboard shortcuts
          </Menu.Item>
          <Menu.Item onClick={() => setColorScheme('auto')} rightSection={colorScheme === 'auto' ? <Icon name="check" size={13} /> : null}>
            Colours as the system has
          </Menu.Item>
          <Menu.Item component="a" href="/api/maru/v1/openapi.json" target="_blank">
            HTTP API (OpenAPI)
          </Menu.Item>
          {server.data?.auth && (
            <Menu.Item onClick={() => void api.delete('/session').finally(() => window.location.assign('/login'))}>Log out</Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
