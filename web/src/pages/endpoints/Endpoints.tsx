import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';

import { endpointsQuery } from '~/api/queries';
import type { Endpoint } from '~/api/schema';
import { useKeys } from '~/app/keyboard';
import { formatCount, formatDuration } from '~/ui/format';
import { Icon } from '~/ui/Icon';
import { PageHead } from '~/ui/PageHead';
import { Empty, Loaded } from '~/ui/states';
import { Status } from '~/ui/Status';
import { Ago } from '~/ui/time';
import { useRows } from '~/ui/useRows';
import { Deploy } from './Deploy';

export default function Endpoints() {
  const query = useQuery(endpointsQuery());
  const [deploying, setDeploying] = useState(false);
  useKeys({ n: () => setDeploying(true) });
  return (
    <div className="page">
      <PageHead
        title="Endpoints"
        actions={
          <Button variant="default" leftSection={<Icon name="plus" size={13} />} onClick={() => setDeploying(true)}>
            Deploy a model
          </Button>
        }
      />
      <div className="scroll" style={{ marginTop: 12 }}>
        <Loaded of={query} what="endpoints">
          {(list) => <List endpoints={list.endpoints} />}
        </Loaded>
      </div>
      <Deploy opened={deploying} onClose={() => setDeploying(false)} />
    </div>
  );
}

function List({ endpoints }: { endpoints: Endpoint[] }) {
  const [, go] = useLocation();
  const address = (endpoint: Endpoint) => `/endpoints/${encodeURIComponent(endpoint.name)}`;
  const [at] = useRows(endpoints.length, (row) => go(address(endpoints[row]!)));
  if (endpoints.length === 0) {
    return (
      <Empty title="Nothing is served yet" command={`curl ${location.origin}/api/maru/v1/endpoints -d '{"name": "churn", "model_uri": "models:/churn@champion"}'`}>
        Deploy a model by its alias, and the endpoint follows the alias wherever it moves.
      </Empty>
    );
  }
  return (
    <table className="list">
      <thead>
        <tr>
          <th style={{ paddingLeft: 20 }}>Name</th>
          <th>Status</th>
          <th>Follows</th>
          <th>Serves</th>
          <th className="num">Requests</th>
          <th className="num">Errors</th>
          <th className="num">p50</th>
          <th className="num">p99</th>
          <th className="num" style={{ paddingRight: 20 }}>
            Last request
          </th>
        </tr>
      </thead>
      <tbody>
        {endpoints.map((endpoint, row) => (
          <tr key={endpoint.name} data-at={row === at || undefined} onClick={() => go(address(endpoint))} style={{ cursor: 'pointer' }}>
            <td style={{ paddingLeft: 20, fontWeight: 500 }}>
              <Link className="quiet" href={address(endpoint)}>
                {endpoint.name}
              </Link>
            </td>
            <td title={endpoint.problem}>
              <Status status={endpoint.status} />
            </td>
            <td className="mono muted">{endpoint.model_uri}</td>
            <td>{endpoint.model_version ? `${endpoint.model_name} ${endpoint.model_version}` : <span className="faint">–</span>}</td>
            <td className="num">{formatCount(endpoint.stats.requests)}</td>
            <td className="num" style={endpoint.stats.failures > 0 ? { color: 'var(--bad)' } : undefined}>
              {formatCount(endpoint.stats.errors)}
            </td>
            <td className="num muted">{endpoint.stats.requests ? formatDuration(endpoint.stats.p50_ms) : '–'}</td>
            <td className="num muted">{endpoint.stats.requests ? formatDuration(endpoint.stats.p99_ms) : '–'}</td>
            <td className="num muted" style={{ paddingRight: 20 }}>
              {endpoint.stats.last_request_ms ? <Ago ms={endpoint.stats.last_request_ms} /> : 'never'}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
