import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `npm run dev` serves the page with hot reload against a running maru: MARU_URL=http://127.0.0.1:5000 npm run dev
const server = process.env.MARU_URL ?? 'http://127.0.0.1:5000';
const proxied = ['/api', '/v2', '/session', '/metrics', '/invocations', '/endpoints-api'];

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '~': new URL('./src', import.meta.url).pathname } },
  build: { target: 'es2022', sourcemap: false, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: Object.fromEntries(proxied.map((path) => [path, { target: server, changeOrigin: false }])) },
});
