import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { ApiError, api } from '~/api/client';
import { Mark } from '~/ui/Icon';

// Only to a path of this server: a link from elsewhere must not carry the reader away after the log-in.
function next(): string {
  const wanted = new URLSearchParams(location.search).get('next') ?? '/';
  return wanted.startsWith('/') && !wanted.startsWith('//') && !wanted.startsWith('/\\') ? wanted : '/';
}

export default function Login() {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const login = useMutation({
    mutationFn: () => api.post('/session', { username, password, new_password: newPassword }),
    onSuccess: () => window.location.assign(next()),
    meta: { silent: true },
  });
  // The server takes a one-time password only together with the one that replaces it.
  const mustChange = newPassword !== '' || (login.error instanceof ApiError && login.error.code === 'FAILED_PRECONDITION');
  return (
    <main className="login">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate();
        }}
      >
        <div className="brand" style={{ padding: 0 }}>
          <Mark size={28} />
          <span style={{ fontSize: 18 }}>maru</span>
        </div>
        <TextInput
          label="User"
          autoComplete="username"
          autoFocus
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={login.error?.message}
        />
        {mustChange && (
          <PasswordInput
            label="New password"
            description="12 characters or more"
            autoComplete="new-password"
            autoFocus
            value={newPassword}
            onChange={(event) => setNewPassword(event.currentTarget.value)}
          />
        )}
        <Button type="submit" loading={login.isPending} disabled={!username || !password} fullWidth size="sm">
          Log in
        </Button>
        <p className="faint">The first start with <code>--auth</code> printed a one-time password for the user admin.</p>
      </form>
    </main>
  );
}
