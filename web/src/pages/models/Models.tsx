import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';

import { modelsQuery } from '~/api/queries';
import type { Model } from '~/api/schema';
import { useKeys } from '~/app/keyboard';
import { rank } from '~/app/rank';
import { Icon } from '~/ui/Icon';
import { PageHead } from '~/ui/PageHead';
import { Empty, Loaded } from '~/ui/states';
import { Ago } from '~/ui/time';
import { useRows } from '~/ui/useRows';

export default function Models() {
  const query = useQuery(modelsQuery());
  const [text, setText] = useState('');
  const search = useRef<HTMLInputElement>(null);
  useKeys({ '/': () => search.current?.focus() });
  return (
    <div className="page">
      <PageHead title="Models" />
      <div className="bar">
        <TextInput
          ref={search}
          size="xs"
          w={320}
          aria-label="Find a model"
          placeholder="Find a model"
          leftSection={<Icon name="search" size={13} />}
          rightSection={<span className="kbd">/</span>}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
        />
      </div>
      <div className="scroll">
        <Loaded of={query} what="models">
          {(page) => <List models={rank(page.models, text, (model) => model.name)} searched={text} />}
        </Loaded>
      </div>
    </div>
  );
}

function List({ models, searched }: { models: Model[]; searched: string }) {
  const [, go] = useLocation();
  const address = (model: Model) => `/models/${encodeURIComponent(model.name)}`;
  const [at] = useRows(models.length, (row) => go(address(models[row]!)));
  if (models.length === 0) {
    return searched ? (
      <Empty title={`No model is called “${searched}”`} />
    ) : (
      <Empty title="No models yet" command={'mlflow.register_model(f"runs:/{run_id}/model", "churn")'}>
        Register what a run has made, and it gets versions, aliases and a place to be served from.
      </Empty>
    );
  }
  return (
    <table className="list">
      <thead>
        <tr>
          <th style={{ paddingLeft: 20 }}>Name</th>
          <th className="num">Latest</th>
          <th>Aliases</th>
          <th>Description</th>
          <th className="num" style={{ paddingRight: 20 }}>
            Updated
          </th>
        </tr>
      </thead>
      <tbody>
        {models.map((model, row) => (
          <tr key={model.name} data-at={row === at || undefined} onClick={() => go(address(model))} style={{ cursor: 'pointer' }}>
            <td style={{ paddingLeft: 20, fontWeight: 500 }}>
              <Link className="quiet" href={address(model)}>
                {model.name}
              </Link>
            </td>
            <td className="num muted">{model.latest_version || '–'}</td>
            <td>
              <span className="row wrap" style={{ gap: 5 }}>
                {model.aliases.map((alias) => (
                  <span key={alias.alias} className="tag accent">
                    {alias.alias} → {alias.version}
                  </span>
                ))}
              </span>
            </td>
            <td className="muted ellipsis" style={{ maxWidth: 420 }}>
              {model.description}
            </td>
            <td className="num muted" style={{ paddingRight: 20 }}>
              <Ago ms={model.updated_ms} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
