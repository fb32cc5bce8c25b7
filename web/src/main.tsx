import '@fontsource-variable/inter/wght.css';
import '@mantine/core/styles.css';
import 'uplot/dist/uPlot.min.css';
import './app/app.css';

import { MantineProvider } from '@mantine/core';
import { MutationCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { ApiError } from '~/api/client';
import { App } from '~/app/App';
import { redirectMlflowLink } from '~/app/mlflowLinks';
import { theme } from '~/app/theme';
import { say } from '~/ui/toast';

redirectMlflowLink();

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000, // the live stream says when something changed; this only covers a stream that is down
      retry: (failures, error) => !(error instanceof ApiError && error.status < 500) && failures < 2,
    },
  },
  mutationCache: new MutationCache({ onError: (error) => say(error.message, 'bad') }),
});

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
