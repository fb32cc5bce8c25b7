import { Button, Select } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Fragment, useState } from 'react';

import { api } from '~/api/client';
import type { Event, EventPage } from '~/api/schema';
import { formatTime } from '~/ui/format';
import { Icon } from '~/ui/Icon';
import { PageHead } from '~/ui/PageHead';
import { Empty, Failed, Waiting } from '~/ui/states';
import { Ago } from '~/ui/time';
import { useAddress } from '~/ui/useAddress';
import { useRows } from '~/ui/useRows';
import { payloadLine, spoken, Subject } from './EventLine';

const kLimit = 200;

// Everything that happened, newest first: the log that triggers, webhooks and this page all read.
export default function Events() {
  const [address, setAddress] = useAddress();
  const type = address.get('type') ?? '';
  const query = useInfiniteQuery({
    queryKey: ['events', type],
    queryFn: ({ pageParam, signal }) => api.get<EventPage>('/events', { before: pageParam || undefined, type, limit: kLimit }, signal),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.events.length < kLimit ? undefined : page.events.at(-1)!.id),
  });
  const events = query.data?.pages.flatMap((page) => page.events) ?? [];
  return (
    <div className="page">
      <PageHead title="Events" />
      <div className="bar">
        <Select
          size="xs"
          w={220}
          aria-label="Kind of event"
          placeholder="Every kind"
          clearable
          value={type || null}
          onChange={(value) => setAddress({ type: value })}
          data={[
            { value: 'experiment.', label: 'Experiments' },
            { value: 'run.', label: 'Runs' },
            { value: 'registered_model', label: 'Models' },
            { value: 'model_version', label: 'Versions and aliases' },
            { value: 'endpoint', label: 'Endpoints' },
            { value: 'user', label: 'Users' },
          ]}
        />
        <span className="grow" />
        <span className="row faint" style={{ gap: 6 }}>
          <span className="dot live" /> live
        </span>
      </div>
      <div className="scroll">
        {query.error ? (
          <Failed error={query.error} retry={() => void query.refetch()} />
        ) : !query.data ? (
          <Waiting what="events" />
        ) : events.length === 0 ? (
          <Empty title={type ? 'Nothing of this kind has happened' : 'Nothing has happened yet'}>
            Every change to a run, model or endpoint is written here, with who made it.
          </Empty>
        ) : (
          <>
            <List events={events} />
            {query.hasNextPage && (
              <div style={{ padding: 20, textAlign: 'center' }}>
                <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  Older
                </Button>
              </div>
            )}
          </>
        )}
      </div>
    </div>
  );
}

function List({ events }: { events: Event[] }) {
  const [open, setOpen] = useState<number | null>(null);
  const toggle = (id: number) => setOpen((old) => (old === id ? null : id));
  const [at] = useRows(events.length, (row) => toggle(events[row]!.id));
  return (
    <table className="list" style={{ tableLayout: 'fixed' }}>
      <thead>
        <tr>
          <th style={{ width: 44 }} />
          <th style={{ width: 110 }}>When</th>
          <th style={{ width: 220 }}>What</th>
          <th style={{ width: 240 }}>Which</th>
          <th>With</th>
          <th style={{ width: 130 }}>Who</th>
          <th className="num" style={{ width: 90, paddingRight: 20 }}>
            Id
          </th>
        </tr>
      </thead>
      <tbody>
        {events.map((event, row) => (
          <Fragment key={event.id}>
            <tr data-at={row === at || undefined}>
              <td>
                <button type="button" className="plain" aria-expanded={open === event.id} aria-label="Details" onClick={() => toggle(event.id)}>
                  <Icon name="chevron" size={12} turn={open === event.id ? 90 : 0} />
                </button>
              </td>
              <td className="muted">
                <Ago ms={event.time_ms} />
              </td>
              <td>{spoken(event.type)}</td>
              <td className="ellipsis">
                <Subject event={event} />
              </td>
              <td className="muted ellipsis">{payloadLine(event)}</td>
              <td className="muted ellipsis">{event.principal}</td>
              <td className="num faint" style={{ paddingRight: 20 }}>
                {event.id}
              </td>
            </tr>
            {open === event.id && (
              <tr className="detail">
                <td />
                <td colSpan={6}>
                  <div className="faint">
                    {formatTime(event.time_ms)} · {event.type} · {event.subject}
                  </div>
                  <pre style={{ margin: '6px 0 0' }}>{JSON.stringify(event.payload, null, 2)}</pre>
                </td>
              </tr>
            )}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}
