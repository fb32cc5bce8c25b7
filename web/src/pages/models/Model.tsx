import { ActionIcon, Button, Checkbox, Menu } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';

import { api } from '~/api/client';
import { modelQuery, versionsQuery } from '~/api/queries';
import type { Model as ModelShape, Version } from '~/api/schema';
import { useKeys } from '~/app/keyboard';
import { confirm, useAsk, useRename } from '~/ui/dialogs';
import { Icon } from '~/ui/Icon';
import { PageHead, Tabs } from '~/ui/PageHead';
import { Empty, Loaded } from '~/ui/states';
import { Ago } from '~/ui/time';
import { useRows } from '~/ui/useRows';
import { AliasMenu, Aliases } from './Aliases';
import { Diff } from './Diff';

const e = encodeURIComponent;

export default function Model({ name, tab }: { name: string; tab: string }) {
  const model = useQuery(modelQuery(name));
  return <Loaded of={model} what="the model">{(found) => <View model={found} tab={tab} />}</Loaded>;
}

function View({ model, tab }: { model: ModelShape; tab: string }) {
  const address = `/models/${e(model.name)}`;
  const versions = useQuery(versionsQuery(model.name));
  return (
    <div className="page">
      <PageHead
        title={model.name}
        crumbs={[{ label: 'Models', to: '/models' }]}
        after={<Aliases model={model} />}
        actions={<Actions model={model} />}
        sub={model.description && <span>{model.description}</span>}
      />
      <Tabs
        at={tab}
        tabs={[
          { id: 'versions', label: 'Versions', to: address },
          { id: 'diff', label: 'Diff', to: `${address}/diff` },
        ]}
      />
      <Loaded of={versions} what="versions">
        {(page) => (tab === 'diff' ? <Diff model={model} versions={page.versions} /> : <Versions model={model} versions={page.versions} />)}
      </Loaded>
    </div>
  );
}

function Actions({ model }: { model: ModelShape }) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const again = () => void queries.invalidateQueries();
  const rename = useRename('model', model.name, async (name) => {
    await api.patch(`/models/${e(model.name)}`, { name });
    again();
    go(`/models/${e(name)}`, { replace: true });
  });
  const describe = useAsk('Description', 'What this model is for', model.description, (description) =>
    api.patch(`/models/${e(model.name)}`, { description }).then(again),
  );
  const remove = useMutation({
    mutationFn: () => api.delete(`/models/${e(model.name)}`),
    onSuccess: () => {
      again();
      go('/models');
    },
  });
  return (
    <>
      <Menu position="bottom-end" width={190}>
        <Menu.Target>
          <ActionIcon aria-label="Model actions">
            <Icon name="dots" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={describe.open}>Edit description…</Menu.Item>
          <Menu.Item onClick={rename.open}>Rename…</Menu.Item>
          <Menu.Divider />
          <Menu.Item
            color="red"
            onClick={() =>
              confirm({
                title: `Delete ${model.name}?`,
                text: 'All its versions and aliases go with it. This cannot be undone; the runs stay.',
                yes: 'Delete',
                act: () => remove.mutate(),
              })
            }
          >
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {rename.dialog}
      {describe.dialog}
    </>
  );
}

function Versions({ model, versions }: { model: ModelShape; versions: Version[] }) {
  const [, go] = useLocation();
  const [picked, setPicked] = useState<string[]>([]);
  const address = (version: Version) => `/models/${e(model.name)}/versions/${version.version}`;
  const toggle = (version: string) => setPicked((old) => (old.includes(version) ? old.filter((v) => v !== version) : [...old, version].slice(-2)));
  const [at] = useRows(versions.length, (row) => go(address(versions[row]!)), { x: (row) => toggle(versions[row]!.version) });
  const diff = () => {
    const [from, to] = [...picked].sort((a, b) => Number(a) - Number(b));
    go(`/models/${e(model.name)}/diff?from=${from}&to=${to}`);
  };
  useKeys({ c: () => picked.length === 2 && diff() });
  if (versions.length === 0) {
    return (
      <Empty title="No versions yet" command={`mlflow.register_model(f"runs:/{run_id}/model", "${model.name}")`}>
        A version is one model that a run has made.
      </Empty>
    );
  }
  return (
    <div className="scroll">
      <div className="bar">
        <span className="faint">
          {versions.length} {versions.length === 1 ? 'version' : 'versions'}
        </span>
        <span className="grow" />
        <Button variant="default" disabled={picked.length !== 2} leftSection={<Icon name="compare" size={13} />} onClick={diff}>
          Diff {picked.length === 2 ? `${picked[0]} and ${picked[1]}` : 'two versions'}
        </Button>
      </div>
      <table className="list">
        <thead>
          <tr>
            <th style={{ width: 40, paddingLeft: 20 }} />
            <th>Version</th>
            <th>Aliases</th>
            <th>From run</th>
            <th>Description</th>
            <th>By</th>
            <th className="num">Created</th>
            <th style={{ width: 48 }} />
          </tr>
        </thead>
        <tbody>
          {versions.map((version, row) => (
            <tr key={version.version} data-at={row === at || undefined}>
              <td style={{ paddingLeft: 20 }}>
                <Checkbox
                  size="xs"
                  aria-label={`Select version ${version.version}`}
                  checked={picked.includes(version.version)}
                  onChange={() => toggle(version.version)}
                />
              </td>
              <td style={{ fontWeight: 500 }}>
                <Link className="quiet" href={address(version)}>
                  {version.version}
                </Link>
              </td>
              <td>
                <span className="row wrap" style={{ gap: 5 }}>
                  {version.aliases.map((alias) => (
                    <span key={alias} className="tag accent">
                      {alias}
                    </span>
                  ))}
                  {version.stage !== 'None' && <span className="tag">{version.stage}</span>}
                </span>
              </td>
              <td>
                {version.run_id && (
                  <Link className="link mono" href={`/runs/${version.run_id}`}>
                    {version.run_id.slice(0, 8)}
                  </Link>
                )}
              </td>
              <td className="muted ellipsis" style={{ maxWidth: 320 }}>
                {version.description}
              </td>
              <td className="muted">{version.user}</td>
              <td className="num muted">
                <Ago ms={version.created_ms} />
              </td>
              <td>
                <AliasMenu model={model} version={version} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
