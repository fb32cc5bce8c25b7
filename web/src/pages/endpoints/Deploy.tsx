import { Autocomplete, Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { api } from '~/api/client';
import { modelsQuery } from '~/api/queries';
import type { Endpoint } from '~/api/schema';

// Deploys what an alias or a number of a model means.
export function Deploy({ opened, onClose, uri }: { opened: boolean; onClose: () => void; uri?: string }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Deploy a model" size="md">
      {opened && <Form onClose={onClose} first={uri ?? ''} />}
    </Modal>
  );
}

function nameFrom(uri: string): string {
  return uri
    .replace(/^models:\//, '')
    .replace(/[@/].*$/, '')
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
}

function Form({ onClose, first }: { onClose: () => void; first: string }) {
  const [, go] = useLocation();
  const queries = useQueryClient();
  const models = useQuery(modelsQuery());
  const [uri, setUri] = useState(first);
  const [name, setName] = useState('');
  const choices = (models.data?.models ?? []).flatMap((model) => [
    ...model.aliases.map((alias) => `models:/${model.name}@${alias.alias}`),
    ...(model.latest_version ? [`models:/${model.name}/${model.latest_version}`] : []),
  ]);
  const create = useMutation({
    mutationFn: () => api.post<Endpoint>('/endpoints', { name: name.trim() || nameFrom(uri), model_uri: uri.trim() }),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ['endpoints'] });
      onClose();
      go(`/endpoints/${encodeURIComponent(made.name)}`);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (uri.trim()) create.mutate();
      }}
      style={{ display: 'grid', gap: 12 }}
    >
      <Autocomplete
        data-autofocus
        label="Model"
        description="An alias is followed wherever it moves; a number stays."
        placeholder="models:/churn@champion"
        data={[...new Set(choices)]}
        value={uri}
        onChange={setUri}
        error={create.error?.message}
      />
      <TextInput
        label="Endpoint"
        description="Clients call /v2/models/NAME/infer"
        placeholder={nameFrom(uri) || 'name'}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <div className="row" style={{ justifyContent: 'flex-end', marginTop: 4 }}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={create.isPending} disabled={!uri.trim()}>
          Deploy
        </Button>
      </div>
    </form>
  );
}
