// The three states every view has besides its data. Waiting says nothing for 300 ms, then says what it waits for.
import { ActionIcon, Button, CopyButton, Tooltip } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';

import { ApiError } from '~/api/client';
import { Icon } from './Icon';

export function Command({ text }: { text: string }) {
  return (
    <div className="command mono">
      {text}
      <Copy text={text} />
    </div>
  );
}

export function Copy({ text, what = 'Copy' }: { text: string; what?: string }) {
  return (
    <CopyButton value={text} timeout={1200}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : what}>
          <ActionIcon
            size="sm"
            aria-label={what}
            onClick={(event) => {
              event.stopPropagation();
              event.preventDefault();
              copy();
            }}
          >
            <Icon name={copied ? 'check' : 'copy'} size={13} />
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

export function Empty({ title, children, command }: { title: string; children?: ReactNode; command?: string }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      {children && <div>{children}</div>}
      {command && <Command text={command} />}
    </div>
  );
}

export function Waiting({ what }: { what: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 300);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="state" role="status" style={{ visibility: late ? 'visible' : 'hidden' }}>
      Loading {what}…
    </div>
  );
}

export function Failed({ error, retry }: { error: Error; retry?: () => void }) {
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <div className="state" role="alert">
      <h2>{missing ? 'Not here' : 'That did not work'}</h2>
      <div>{error.message}</div>
      {error instanceof ApiError && error.requestId && !missing && (
        <div className="faint mono">request {error.requestId}</div>
      )}
      {retry && !missing && (
        <Button variant="default" onClick={retry} mt={4}>
          Try again
        </Button>
      )}
    </div>
  );
}

// Shows a query's data, or whichever state it is in.
export function Loaded<T>({ of, what, children }: { of: UseQueryResult<T>; what: string; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <Failed error={of.error} retry={() => void of.refetch()} />;
  return <Waiting what={what} />;
}
