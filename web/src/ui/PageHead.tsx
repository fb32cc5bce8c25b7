import { type ReactNode, useEffect } from 'react';
import { Link } from 'wouter';

export interface Crumb {
  label: string;
  to: string;
}

// Every noun's page begins the same way: where it hangs, its name and state, its actions, and one line of facts.
export function PageHead(props: {
  title: string;
  crumbs?: Crumb[];
  before?: ReactNode;
  after?: ReactNode;
  actions?: ReactNode;
  sub?: ReactNode;
}) {
  useEffect(() => {
    document.title = `${props.title} · maru`;
  }, [props.title]);
  return (
    <header className="head">
      {props.crumbs && (
        <nav className="crumbs" aria-label="Where this is">
          {props.crumbs.map((crumb, i) => (
            <span key={crumb.to} className="row" style={{ gap: 6 }}>
              {i > 0 && <span aria-hidden>/</span>}
              <Link href={crumb.to} className="ellipsis">
                {crumb.label}
              </Link>
            </span>
          ))}
        </nav>
      )}
      <div className="title">
        {props.before}
        <h1 className="ellipsis">{props.title}</h1>
        {props.after}
        <span className="grow" />
        {props.actions}
      </div>
      {props.sub && <div className="sub">{props.sub}</div>}
    </header>
  );
}

export function Tabs({ tabs, at }: { tabs: { id: string; label: ReactNode; to: string }[]; at: string }) {
  return (
    <nav className="tabs" aria-label="Views">
      {tabs.map((tab) => (
        <Link key={tab.id} href={tab.to} aria-current={tab.id === at ? 'page' : undefined}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
