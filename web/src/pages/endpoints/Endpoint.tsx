import { ActionIcon, Menu } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Link, useLocation } from 'wouter';

import { api } from '~/api/client';
import { endpointQuery } from '~/api/queries';
import type { Endpoint as EndpointShape } from '~/api/schema';
import { confirm, useAsk } from '~/ui/dialogs';
import { formatDuration } from '~/ui/format';
import { Icon } from '~/ui/Icon';
import { PageHead, Tabs } from '~/ui/PageHead';
import { Loaded, Waiting } from '~/ui/states';
import { Status } from '~/ui/Status';
import { Ago } from '~/ui/time';
import { TryIt } from './TryIt';

const Traffic = lazy(() => import('./Traffic'));

export default function Endpoint({ name, tab }: { name: string; tab: string }) {
  const query = useQuery(endpointQuery(name));
  return <Loaded of={query} what="the endpoint">{(endpoint) => <View endpoint={endpoint} tab={tab} />}</Loaded>;
}

function View({ endpoint, tab }: { endpoint: EndpointShape; tab: string }) {
  const address = `/endpoints/${encodeURIComponent(endpoint.name)}`;
  return (
    <div className="page">
      <PageHead
        title={endpoint.name}
        crumbs={[{ label: 'Endpoints', to: '/endpoints' }]}
        after={<Status status={endpoint.status} />}
        actions={<Actions endpoint={endpoint} />}
        sub={
          <>
            <span>
              follows <span className="mono">{endpoint.model_uri}</span>
            </span>
            {endpoint.model_version && (
              <span>
                serves{' '}
                <Link className="link" href={`/models/${encodeURIComponent(endpoint.model_name)}/versions/${endpoint.model_version}`}>
                  {endpoint.model_name} {endpoint.model_version}
                </Link>
              </span>
            )}
            {endpoint.platform && <span>{endpoint.platform}</span>}
          </>
        }
      />
      {endpoint.problem && (
        <div role="alert" className="problem-line">
          {endpoint.problem}
        </div>
      )}
      <Tabs
        at={tab}
        tabs={[
          { id: 'traffic', label: 'Traffic', to: address },
          { id: 'try', label: 'Try it', to: `${address}/try` },
          { id: 'revisions', label: 'Revisions', to: `${address}/revisions` },
        ]}
      />
      <div className="scroll">
        {tab === 'try' ? (
          <TryIt key={`${endpoint.model_name}/${endpoint.model_version}`} endpoint={endpoint} />
        ) : tab === 'revisions' ? (
          <Revisions endpoint={endpoint} />
        ) : (
          <Suspense fallback={<Waiting what="charts" />}>
            <Traffic endpoint={endpoint} />
          </Suspense>
        )}
      </div>
    </div>
  );
}

function Actions({ endpoint }: { endpoint: EndpointShape }) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const address = `/endpoints/${encodeURIComponent(endpoint.name)}`;
  const change = useAsk('Serve another model', 'Model', endpoint.model_uri, (model_uri) =>
    api.patch(address, { model_uri }).then(() => queries.invalidateQueries({ queryKey: ['endpoint', endpoint.name] })),
  );
  const remove = useMutation({
    mutationFn: () => api.delete(address),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['endpoints'] });
      go('/endpoints');
    },
  });
  return (
    <>
      <Menu position="bottom-end" width={200}>
        <Menu.Target>
          <ActionIcon aria-label="Endpoint actions">
            <Icon name="dots" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={change.open}>Serve another model…</Menu.Item>
          <Menu.Divider />
          <Menu.Item
            color="red"
            onClick={() =>
              confirm({
                title: `Take ${endpoint.name} away?`,
                text: 'Clients that call it get an error from then on. The model stays in the registry.',
                yes: 'Take away',
                act: () => remove.mutate(),
              })
            }
          >
            Take away…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {change.dialog}
    </>
  );
}

function Revisions({ endpoint }: { endpoint: EndpointShape }) {
  return (
    <table className="list">
      <thead>
        <tr>
          <th className="num" style={{ width: 90 }}>
            Revision
          </th>
          <th>State</th>
          <th>Version</th>
          <th className="num">Loaded in</th>
          <th className="num">Since</th>
          <th className="num">Ended</th>
          <th>Problem</th>
        </tr>
      </thead>
      <tbody>
        {endpoint.revisions.map((revision) => (
          <tr key={revision.number}>
            <td className="num" style={{ fontWeight: revision.number === endpoint.revision ? 600 : 400 }}>
              {revision.number}
            </td>
            <td>
              <Status status={revision.state} />
            </td>
            <td>
              <Link className="link" href={`/models/${encodeURIComponent(revision.model_name)}/versions/${revision.model_version}`}>
                {revision.model_name} {revision.model_version}
              </Link>
            </td>
            <td className="num muted">{revision.ready_ms ? formatDuration(revision.ready_ms - revision.created_ms) : '–'}</td>
            <td className="num muted">
              <Ago ms={revision.ready_ms || revision.created_ms} />
            </td>
            <td className="num muted">
              <Ago ms={revision.ended_ms} />
            </td>
            <td className="muted">{revision.error}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
