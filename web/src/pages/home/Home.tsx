import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';

import { eventsQuery, experimentsQuery, modelsQuery, recentRunsQuery, runNamesQuery, serverQuery } from '~/api/queries';
import type { Event } from '~/api/schema';
import { Subject, spoken } from '~/pages/events/EventLine';
import { rowsOf } from '~/pages/experiments/useRunWindows';
import { formatDuration } from '~/ui/format';
import { PageHead } from '~/ui/PageHead';
import { Command, Failed, Waiting } from '~/ui/states';
import { StatusDot } from '~/ui/Status';
import { addressOfSubject } from '~/ui/subject';
import { Ago, useNow } from '~/ui/time';
import { Serving } from './Serving';

// One look: what is serving and is it well, what runs, what needs me, what changed.
export default function Home() {
  const server = useQuery(serverQuery());
  const has = (part: string) => server.data?.parts.includes(part) ?? false;
  const running = useQuery(recentRunsQuery("attributes.status = 'RUNNING'", 8));
  const failed = useQuery(recentRunsQuery("attributes.status = 'FAILED'", 5));
  const recent = useQuery(recentRunsQuery('', 6));
  const events = useQuery(eventsQuery());
  const models = useQuery({ ...modelsQuery(), enabled: has('models') });
  if (server.error) return <Failed error={server.error} retry={() => void server.refetch()} />;
  if (!recent.data || !running.data || !failed.data || !server.data) {
    const broken = recent.error ?? running.error ?? failed.error;
    return broken ? <Failed error={broken} /> : <Waiting what="the overview" />;
  }
  if (recent.data.total === 0 && (models.data?.models.length ?? 0) === 0) return <Welcome />;
  const lately = Date.now() - 24 * 3600 * 1000;
  const needsMe = rowsOf(failed.data).filter((run) => (run.endMs || run.startMs) > lately);
  const named = models.data?.models.find((model) => model.aliases.length > 0);
  const deployable = named && `models:/${named.name}@${named.aliases[0]!.alias}`;
  return (
    <div className="page">
      <PageHead title="Home" />
      <div className="scroll">
        <div className="body home">
          <div className="cards">
            {has('endpoints') && <Serving example={deployable} />}
            <Box title="Running now" count={running.data.total} more={{ to: '/experiments', label: 'Experiments' }}>
              {running.data.total === 0 ? (
                <p className="pad muted">No run is under way. The last ones:</p>
              ) : null}
              <RunList rows={rowsOf(running.data.total > 0 ? running.data : recent.data)} />
            </Box>
            {needsMe.length > 0 && (
              <Box title="Needs you" count={needsMe.length}>
                <RunList rows={needsMe} verb="failed" />
              </Box>
            )}
            {models.data && models.data.models.length > 0 && (
              <Box title="Models" count={models.data.models.length} more={{ to: '/models', label: 'Registry' }}>
                <table className="list">
                  <tbody>
                    {models.data.models.slice(0, 6).map((model) => (
                      <tr key={model.name}>
                        <td style={{ fontWeight: 500 }}>
                          <Link className="quiet" href={`/models/${encodeURIComponent(model.name)}`}>
                            {model.name}
                          </Link>
                        </td>
                        <td>
                          <span className="row wrap" style={{ gap: 5 }}>
                            {model.aliases.map((alias) => (
                              <span key={alias.alias} className="tag accent">
                                {alias.alias} → {alias.version}
                              </span>
                            ))}
                          </span>
                        </td>
                        <td className="num muted">
                          <Ago ms={model.updated_ms} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Box>
            )}
          </div>
          <Box title="What changed" more={{ to: '/events', label: 'All events' }}>
            <Feed events={events.data?.events ?? []} />
          </Box>
        </div>
      </div>
    </div>
  );
}

// One line per noun and what last happened to it: a training run that logs all day is one line, not a thousand.
function Feed({ events }: { events: Event[] }) {
  const seen = new Set<string>();
  const shown = events.filter((event) => addressOfSubject(event.subject) && !seen.has(event.subject) && seen.add(event.subject)).slice(0, 16);
  const runs = shown.flatMap((event) => (event.subject.startsWith('run/') ? [event.subject.slice(4)] : []));
  const names = useQuery(runNamesQuery(runs)).data;
  const experiments = useQuery(experimentsQuery()).data?.experiments;
  const nameOf = (event: Event) => {
    const [noun, id = ''] = event.subject.split('/');
    return noun === 'run' ? names?.get(id) : noun === 'experiment' ? experiments?.find((x) => x.id === id)?.name : undefined;
  };
  return (
    <ol className="feed">
      {shown.map((event) => (
        <li key={event.id}>
          <span className="ellipsis grow">
            <Subject event={event} name={nameOf(event)} /> <span className="muted">{spoken(event.type)}</span>
          </span>
          <span className="faint">
            <Ago ms={event.time_ms} />
          </span>
        </li>
      ))}
    </ol>
  );
}

export function Box(props: { title: string; count?: number; more?: { to: string; label: string }; children: ReactNode }) {
  return (
    <section className="panel" aria-label={props.title}>
      <header>
        <h2>{props.title}</h2>
        {props.count ? <span className="faint">{props.count}</span> : null}
        <span className="grow" />
        {props.more && (
          <Link className="link" href={props.more.to} style={{ fontSize: 12 }}>
            {props.more.label}
          </Link>
        )}
      </header>
      {props.children}
    </section>
  );
}

function RunList({ rows, verb }: { rows: ReturnType<typeof rowsOf>; verb?: string }) {
  const now = useNow();
  return (
    <table className="list">
      <tbody>
        {rows.map((run) => (
          <tr key={run.id}>
            <td>
              <span className="row">
                <StatusDot status={run.status} />
                <Link className="quiet ellipsis" href={`/runs/${run.id}`} style={{ fontWeight: 500 }}>
                  {run.name || run.id.slice(0, 8)}
                </Link>
              </span>
            </td>
            <td className="muted num">{verb ?? (run.startMs ? formatDuration((run.endMs || Math.max(now, run.startMs)) - run.startMs) : '')}</td>
            <td className="num muted" style={{ width: 110 }}>
              <Ago ms={run.startMs} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Welcome() {
  return (
    <div className="page">
      <PageHead title="Home" />
      <div className="scroll">
        <div className="state" style={{ textAlign: 'left', alignItems: 'stretch', gap: 14 }}>
          <h2>Nothing is here yet</h2>
          <p>Any MLflow client works with this server. Log a first run:</p>
          <Command
            text={`import mlflow\n\nmlflow.set_tracking_uri("${location.origin}")\nmlflow.set_experiment("first")\n\nwith mlflow.start_run():\n    mlflow.log_param("depth", 6)\n    for step in range(100):\n        mlflow.log_metric("loss", 1 / (step + 1), step=step)`}
          />
          <p>
            Or see the whole road, from training to a served model, on a data set of flights: <code>maru demo</code>
          </p>
        </div>
      </div>
    </div>
  );
}
