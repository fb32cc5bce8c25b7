import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { endpointsQuery } from '~/api/queries';
import { formatCount, formatDuration } from '~/ui/format';
import { Command } from '~/ui/states';
import { Status } from '~/ui/Status';
import { Box } from './Home';

// What is serving, and is it well.
export function Serving({ example }: { example: string | undefined }) {
  const query = useQuery(endpointsQuery());
  const endpoints = query.data?.endpoints ?? [];
  if (query.data && endpoints.length === 0) {
    return example ? (
      <Box title="Serving">
        <div className="pad cards" style={{ gap: 8 }}>
          <span className="muted">Nothing is served yet.</span>
          <Command text={`curl ${location.origin}/api/maru/v1/endpoints -d '{"name": "${example.replace(/^models:\//, '').replace(/@.*/, '')}", "model_uri": "${example}"}'`} />
        </div>
      </Box>
    ) : null;
  }
  return (
    <Box title="Serving" count={endpoints.length} more={{ to: '/endpoints', label: 'Endpoints' }}>
      <table className="list">
        <tbody>
          {endpoints.map((endpoint) => (
            <tr key={endpoint.name}>
              <td style={{ fontWeight: 500 }}>
                <Link className="quiet" href={`/endpoints/${encodeURIComponent(endpoint.name)}`}>
                  {endpoint.name}
                </Link>
              </td>
              <td>
                <Status status={endpoint.status} />
              </td>
              <td className="muted">{endpoint.model_version ? `${endpoint.model_name} ${endpoint.model_version}` : endpoint.model_uri}</td>
              <td className="num muted">{formatCount(endpoint.stats.requests)} requests</td>
              <td className="num muted">{endpoint.stats.requests ? `p99 ${formatDuration(endpoint.stats.p99_ms)}` : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Box>
  );
}
