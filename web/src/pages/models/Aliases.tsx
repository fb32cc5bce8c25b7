import { ActionIcon, Menu } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';

import { api } from '~/api/client';
import type { Model, Version } from '~/api/schema';
import { confirm, useAsk } from '~/ui/dialogs';
import { Icon } from '~/ui/Icon';
import { say } from '~/ui/toast';

const e = encodeURIComponent;

export function Aliases({ model }: { model: Model }) {
  return (
    <span className="row wrap" style={{ gap: 5 }}>
      {model.aliases.map((alias) => (
        <Link key={alias.alias} href={`/models/${e(model.name)}/versions/${alias.version}`} className="tag accent">
          {alias.alias} → {alias.version}
        </Link>
      ))}
    </span>
  );
}

// Moves an alias only if it still is where this page shows it: two people cannot overwrite each other unseen.
export function useMoveAlias(model: Model) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ alias, version }: { alias: string; version: string }) =>
      api.put(`/models/${e(model.name)}/aliases/${e(alias)}`, {
        version: Number(version),
        expected_version: Number(model.aliases.find((a) => a.alias === alias)?.version ?? 0),
      }),
    onSuccess: (_, { alias, version }) => say(`${alias} is now version ${version}`),
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ['model', model.name] });
      void queries.invalidateQueries({ queryKey: ['models'] });
    },
  });
}

export function AliasMenu({ model, version }: { model: Model; version: Version }) {
  const queries = useQueryClient();
  const move = useMoveAlias(model);
  const remove = useMutation({
    mutationFn: (alias: string) => api.delete(`/models/${e(model.name)}/aliases/${e(alias)}`),
    onSettled: () => void queries.invalidateQueries({ queryKey: ['model', model.name] }),
  });
  const drop = useMutation({
    mutationFn: () => api.delete(`/models/${e(model.name)}/versions/${version.version}`),
    onSettled: () => void queries.invalidateQueries({ queryKey: ['model', model.name] }),
  });
  const add = useAsk(`New alias for version ${version.version}`, 'Alias', '', (alias) => move.mutateAsync({ alias, version: version.version }), 'Set');
  const others = model.aliases.filter((alias) => alias.version !== version.version);
  const proposed = model.aliases.some((alias) => alias.alias === 'champion') ? [] : ['champion'];
  return (
    <>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon aria-label={`Actions for version ${version.version}`}>
            <Icon name="dots" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {others.map((alias) => (
            <Menu.Item
              key={alias.alias}
              onClick={() =>
                confirm({
                  title: `Move ${alias.alias} to version ${version.version}?`,
                  text: `It is on version ${alias.version} now. Endpoints that follow it change over without a failed request.`,
                  yes: 'Move',
                  act: () => move.mutate({ alias: alias.alias, version: version.version }),
                })
              }
            >
              Move {alias.alias} here…
            </Menu.Item>
          ))}
          {proposed.map((alias) => (
            <Menu.Item key={alias} onClick={() => move.mutate({ alias, version: version.version })}>
              Make it {alias}
            </Menu.Item>
          ))}
          <Menu.Item onClick={add.open}>New alias…</Menu.Item>
          {version.aliases.length > 0 && <Menu.Divider />}
          {version.aliases.map((alias) => (
            <Menu.Item key={alias} onClick={() => remove.mutate(alias)}>
              Remove alias {alias}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item
            color="red"
            onClick={() =>
              confirm({
                title: `Delete version ${version.version}?`,
                text: 'Its number is never given again. The run and its artifacts stay.',
                yes: 'Delete',
                act: () => drop.mutate(),
              })
            }
          >
            Delete version…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {add.dialog}
    </>
  );
}
