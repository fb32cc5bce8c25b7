import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useLocation } from 'wouter';

import { api } from '~/api/client';
import { experimentsQuery } from '~/api/queries';
import type { Experiment } from '~/api/schema';
import { useKeys } from '~/app/keyboard';
import { rank } from '~/app/rank';
import { Icon } from '~/ui/Icon';
import { PageHead } from '~/ui/PageHead';
import { Empty, Loaded } from '~/ui/states';
import { Ago } from '~/ui/time';
import { useRows } from '~/ui/useRows';

export default function Experiments() {
  const query = useQuery(experimentsQuery());
  const [text, setText] = useState('');
  const [adding, setAdding] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  useKeys({ '/': () => search.current?.focus(), n: () => setAdding(true) });
  return (
    <div className="page">
      <PageHead
        title="Experiments"
        actions={
          <Button variant="default" leftSection={<Icon name="plus" size={13} />} onClick={() => setAdding(true)}>
            New experiment
          </Button>
        }
      />
      <div className="bar">
        <TextInput
          ref={search}
          size="xs"
          w={320}
          aria-label="Find an experiment"
          placeholder="Find an experiment"
          leftSection={<Icon name="search" size={13} />}
          rightSection={<span className="kbd">/</span>}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
        />
      </div>
      <div className="scroll">
        <Loaded of={query} what="experiments">
          {(page) => <List experiments={rank(page.experiments, text, (x) => x.name)} searched={text} />}
        </Loaded>
      </div>
      <Add opened={adding} onClose={() => setAdding(false)} />
    </div>
  );
}

function List({ experiments, searched }: { experiments: Experiment[]; searched: string }) {
  const [, go] = useLocation();
  const address = (x: Experiment) => `/experiments/${encodeURIComponent(x.id)}`;
  const [at] = useRows(experiments.length, (row) => go(address(experiments[row]!)));
  if (experiments.length === 0) {
    return searched ? (
      <Empty title={`No experiment is called “${searched}”`} />
    ) : (
      <Empty
        title="No experiments yet"
        command={`import mlflow\nmlflow.set_tracking_uri("${location.origin}")\nmlflow.set_experiment("first")\nwith mlflow.start_run():\n    mlflow.log_metric("loss", 0.5)`}
      >
        Point MLflow at this server and log a run. It appears here at once.
      </Empty>
    );
  }
  return (
    <table className="list">
      <thead>
        <tr>
          <th style={{ paddingLeft: 20 }}>Name</th>
          <th>Description</th>
          <th className="num">Updated</th>
          <th className="num" style={{ paddingRight: 20 }}>
            Created
          </th>
        </tr>
      </thead>
      <tbody>
        {experiments.map((x, row) => (
          <tr key={x.id} data-at={row === at || undefined} onClick={() => go(address(x))} style={{ cursor: 'pointer' }}>
            <td style={{ paddingLeft: 20, fontWeight: 500 }}>
              <a href={address(x)} className="quiet" onClick={(event) => event.preventDefault()}>
                {x.name}
              </a>
            </td>
            <td className="muted ellipsis" style={{ maxWidth: 420 }}>
              {x.tags['mlflow.note.content'] ?? ''}
            </td>
            <td className="num muted">
              <Ago ms={x.updated_ms} />
            </td>
            <td className="num muted" style={{ paddingRight: 20 }}>
              <Ago ms={x.created_ms} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Add({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [name, setName] = useState('');
  const [, go] = useLocation();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () => api.post<Experiment>('/experiments', { name: name.trim() }),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ['experiments'] });
      onClose();
      go(`/experiments/${encodeURIComponent(made.id)}`);
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title="New experiment" size="sm">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) create.mutate();
        }}
      >
        <TextInput data-autofocus label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <div className="row" style={{ justifyContent: 'flex-end', marginTop: 16 }}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending} disabled={!name.trim()}>
            Create
          </Button>
        </div>
      </form>
    </Modal>
  );
}
