// MLflow's clients print links to its own page after each run ("/#/experiments/1/runs/7f3a"). They lead here.
export function addressOfMlflowLink(hash: string): string | null {
  const path = hash.replace(/^#/, '').split('?')[0] ?? '';
  const part = path.split('/').filter(Boolean).map(decodeURIComponent);
  const at = (i: number) => encodeURIComponent(part[i] ?? '');
  if (part[0] === 'experiments' && part[2] === 'runs' && part[3]) return `/runs/${at(3)}`;
  if (part[0] === 'experiments' && part[2] === 'models' && part[3]) return `/experiments/${at(1)}`;
  if (part[0] === 'experiments' && part[1]) return `/experiments/${at(1)}`;
  if (part[0] === 'experiments') return '/experiments';
  if (part[0] === 'models' && part[2] === 'versions' && part[3]) return `/models/${at(1)}/versions/${at(3)}`;
  if (part[0] === 'models' && part[1]) return `/models/${at(1)}`;
  if (part[0] === 'models') return '/models';
  return null;
}

export function redirectMlflowLink() {
  const to = location.pathname === '/' ? addressOfMlflowLink(location.hash) : null;
  if (to) history.replaceState(null, '', to);
}
