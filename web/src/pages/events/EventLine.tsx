import { Link } from 'wouter';

import type { Event } from '~/api/schema';
import { addressOfSubject, shortSubject } from '~/ui/subject';

// "run_name": "lgbm-7" and the like say more than an id does.
function nameIn(payload: Record<string, unknown>): string {
  for (const key of ['run_name', 'name', 'alias']) {
    const value = payload[key];
    if (typeof value === 'string' && value) return value;
  }
  return '';
}

export function Subject({ event, name: known }: { event: Event; name?: string }) {
  const to = addressOfSubject(event.subject);
  const name = event.subject.startsWith('run/') || event.subject.startsWith('experiment/') ? nameIn(event.payload as Record<string, unknown>) : '';
  const text = known || name || shortSubject(event.subject);
  return to ? (
    <Link href={to} className="quiet" style={{ fontWeight: 500 }}>
      {text}
    </Link>
  ) : (
    <span>{text}</span>
  );
}

// What an event brought along, as one quiet line: the members that are words or numbers.
export function payloadLine(event: Event): string {
  return Object.entries(event.payload as Record<string, unknown>)
    .filter(([key, value]) => value !== '' && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') && key !== 'run_name')
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(' · ');
}

// "model_version.created" -> "version created"; the noun itself is left out where the line begins with it.
export function spoken(type: string): string {
  const [noun = '', verb = ''] = type.split('.');
  const said = verb.replaceAll('_', ' ');
  if (noun === 'run' && verb === 'logged') return 'logged metrics, params or tags';
  if (noun === 'run' || noun === 'experiment' || noun === 'endpoint' || noun === 'registered_model') return said;
  return `${noun.replace(/^model_version/, 'version').replaceAll('_', ' ')} ${said}`;
}
