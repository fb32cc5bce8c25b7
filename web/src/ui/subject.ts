// Where the noun that an event is about lives on the page, and how it is called there.
export function addressOfSubject(subject: string): string | null {
  const [noun, id, rest] = subject.split('/');
  if (!id) return null;
  switch (noun) {
    case 'run':
      return `/runs/${encodeURIComponent(id)}`;
    case 'experiment':
      return `/experiments/${encodeURIComponent(id)}`;
    case 'model':
      return `/models/${encodeURIComponent(id)}${rest ? `/versions/${encodeURIComponent(rest)}` : ''}`;
    case 'endpoint':
      return `/endpoints/${encodeURIComponent(id)}`;
    default:
      return null;
  }
}

export function shortSubject(subject: string): string {
  const [noun, id, rest] = subject.split('/');
  if (noun === 'run' && id) return `run ${id.slice(0, 8)}`;
  if (noun === 'model' && id) return rest ? `${id} ${rest}` : id;
  if (noun === 'endpoint' && id) return id;
  if (noun === 'logged_model' && id) return `logged model ${id.slice(0, 10)}`;
  return [noun?.replaceAll('_', ' '), id, rest].filter(Boolean).join(' ');
}
