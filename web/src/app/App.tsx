import { lazy, Suspense } from 'react';
import { Redirect, Route, Switch } from 'wouter';

import { Confirm } from '~/ui/dialogs';
import { Empty, Waiting } from '~/ui/states';
import { Toasts } from '~/ui/toast';
import { Shell } from './Shell';

// One bundle per page: opening the runs table does not load the registry.
// src/maru/web/pages.cc has the same list of first segments.
const Home = lazy(() => import('~/pages/home/Home'));
const Experiments = lazy(() => import('~/pages/experiments/Experiments'));
const Experiment = lazy(() => import('~/pages/experiments/Experiment'));
const Run = lazy(() => import('~/pages/runs/Run'));
const Compare = lazy(() => import('~/pages/runs/Compare'));
const Models = lazy(() => import('~/pages/models/Models'));
const Model = lazy(() => import('~/pages/models/Model'));
const Version = lazy(() => import('~/pages/models/Version'));
const Endpoints = lazy(() => import('~/pages/endpoints/Endpoints'));
const Endpoint = lazy(() => import('~/pages/endpoints/Endpoint'));
const Events = lazy(() => import('~/pages/events/Events'));
const Login = lazy(() => import('~/pages/login/Login'));

type Params = Record<string, string | undefined>;

export function App() {
  return (
    <>
      <Switch>
        <Route path="/login">
          <Suspense fallback={<Waiting what="the log-in page" />}>
            <Login />
          </Suspense>
        </Route>
        <Route>
          <Shell>
            <Suspense fallback={<Waiting what="the page" />}>
              <Switch>
                <Route path="/">
                  <Home />
                </Route>
                <Route path="/experiments">
                  <Experiments />
                </Route>
                <Route path="/experiments/:id/:tab?">
                  {({ id, tab }) => <Experiment key={id} id={id!} tab={tab ?? 'runs'} />}
                </Route>
                <Route path="/runs">
                  <Redirect to="/experiments" replace />
                </Route>
                <Route path="/runs/:id/:tab?/*?">
                  {({ id, tab, '*': rest }: Params) => <Run key={id} id={id!} tab={tab ?? 'overview'} rest={rest ?? ''} />}
                </Route>
                <Route path="/compare">
                  <Compare />
                </Route>
                <Route path="/models">
                  <Models />
                </Route>
                <Route path="/models/:name/versions/:version/:tab?/*?">
                  {({ name, version, tab, '*': rest }: Params) => (
                    <Version key={`${name}/${version}`} name={name!} version={version!} tab={tab ?? 'overview'} rest={rest ?? ''} />
                  )}
                </Route>
                <Route path="/models/:name/:tab?">
                  {({ name, tab }) => <Model key={name} name={name!} tab={tab ?? 'versions'} />}
                </Route>
                <Route path="/endpoints">
                  <Endpoints />
                </Route>
                <Route path="/endpoints/:name/:tab?">
                  {({ name, tab }) => <Endpoint key={name} name={name!} tab={tab ?? 'traffic'} />}
                </Route>
                <Route path="/events">
                  <Events />
                </Route>
                <Route>
                  <Empty title="No such page">Press ⌘K or Ctrl K to go somewhere by name.</Empty>
                </Route>
              </Switch>
            </Suspense>
          </Shell>
        </Route>
      </Switch>
      <Confirm />
      <Toasts />
    </>
  );
}
