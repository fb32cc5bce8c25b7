const kinds: Record<string, { dot: string; label: string }> = {
  RUNNING: { dot: 'live', label: 'Running' },
  SCHEDULED: { dot: '', label: 'Scheduled' },
  FINISHED: { dot: 'ok', label: 'Finished' },
  FAILED: { dot: 'bad', label: 'Failed' },
  KILLED: { dot: 'warn', label: 'Killed' },
  // Endpoints and their revisions
  ready: { dot: 'ok', label: 'Ready' },
  degraded: { dot: 'warn', label: 'Degraded' },
  loading: { dot: 'live', label: 'Loading' },
  failed: { dot: 'bad', label: 'Failed' },
  retired: { dot: '', label: 'Retired' },
};

export function statusLabel(status: string): string {
  return kinds[status]?.label ?? status;
}

export function StatusDot({ status }: { status: string }) {
  const label = statusLabel(status);
  return <span className={`dot ${kinds[status]?.dot ?? ''}`} role="img" aria-label={label} title={label} />;
}

export function Status({ status }: { status: string }) {
  return (
    <span className="row" style={{ gap: 6 }}>
      <StatusDot status={status} />
      {statusLabel(status)}
    </span>
  );
}
