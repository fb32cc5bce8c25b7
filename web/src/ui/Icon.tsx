// The page's few icons, drawn on a 16-pixel grid with one stroke width, so that they sit well beside 13-pixel text.
const paths = {
  home: 'M2.5 7.5 8 3l5.5 4.5M4 6.5v6.5h8V6.5M6.7 13V9.5h2.6V13',
  experiments: 'M6.3 2.5h3.4M7 2.5v4L3.2 12.3c-.4.7 0 1.2.7 1.2h8.2c.7 0 1.1-.5.7-1.2L9 6.5v-4M5 10h6',
  models: 'M8 2.2 13.2 5v6L8 13.8 2.8 11V5zM2.8 5 8 7.9 13.2 5M8 7.9v5.9',
  endpoints: 'M3 3.5h10v3.2H3zM3 9.3h10v3.2H3zM5.2 5.1h.01M5.2 10.9h.01M8 5.1h3M8 10.9h3',
  events: 'M2 8h2.6l1.7-4.5 3 9L11 8h3',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9M10.3 10.3l3.2 3.2',
  sun: 'M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6M8 1.8v1.4M8 12.8v1.4M1.8 8h1.4M12.8 8h1.4M3.6 3.6l1 1M11.4 11.4l1 1M12.4 3.6l-1 1M4.6 11.4l-1 1',
  moon: 'M13 9.6A5.4 5.4 0 0 1 6.4 3 5.4 5.4 0 1 0 13 9.6',
  chevron: 'm6 3.5 4.5 4.5L6 12.5',
  down: 'm3.5 6 4.5 4.5L12.5 6',
  close: 'm4 4 8 8M12 4l-8 8',
  check: 'm3 8.5 3.2 3.2L13 4.8',
  columns: 'M2.8 3h10.4v10H2.8zM6.3 3v10M9.7 3v10',
  download: 'M8 2.5v7.3M4.8 7 8 10.2 11.2 7M3 13.2h10',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  folder: 'M2 4.2c0-.4.3-.7.7-.7h3.1l1.4 1.6h6.1c.4 0 .7.3.7.7v6c0 .4-.3.7-.7.7H2.7a.7.7 0 0 1-.7-.7z',
  file: 'M4 2.3h5L12 5.4v8.3H4zM8.8 2.5v3.1h3',
  plus: 'M8 3v10M3 8h10',
  dots: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  pencil: 'm3 13 .6-2.7 7-7 2.1 2.1-7 7zM9.5 4.4l2.1 2.1',
  trash: 'M3 4.5h10M6.2 4.5v-2h3.6v2M4.3 4.5l.6 8.8h6.2l.6-8.8',
  up: 'M8 13V3.5M4 7.5l4-4 4 4',
  arrowDown: 'M8 3v9.5M4 8.5l4 4 4-4',
  chart: 'M2.5 2.5v11h11M4.8 10.5 7.4 7l2.3 2 3.3-4.7',
  compare: 'M5 2.5v11M11 2.5v11M2 5.5l3-3M14 10.5l-3 3',
  user: 'M8 7.7a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2M3 13.5c.5-2.5 2.5-3.9 5-3.9s4.5 1.4 5 3.9',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.6h-2.6',
  eye: 'M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8M8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6',
  eyeOff: 'M3 3l10 10M6.4 4.1A6 6 0 0 1 8 3.8c4 0 6.2 4.2 6.2 4.2a11 11 0 0 1-1.8 2.3M4.2 5.3A10.500 10.500 0 0 0 1.800 8S4 12.200 8 12.200a6 6 0 0 0 2.600-.6',
  play: 'M5 3.2v9.6L12.500 8z',
  link: 'M6.700 9.300a2.600 2.600 0 0 0 3.700 0l2-2a2.600 2.600 0 0 0-3.700-3.700l-.8.8M9.300 6.700a2.600 2.600 0 0 0-3.700 0l-2 2a2.600 2.600 0 0 0 3.700 3.700l.8-.8',
  settings: 'M2.500 4.500h6M11.500 4.500h2M10 6a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3M2.500 11.500h2M7.500 11.500h6M6 13a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 16, turn }: { name: IconName; size?: number; turn?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'dots' ? 2 : 1.35}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden
      style={{ flex: 'none', ...(turn ? { transform: `rotate(${turn}deg)` } : {}) }}
    >
      <path d={paths[name]} />
    </svg>
  );
}

export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="7" fill="var(--mantine-color-floor-6)" />
      <g fill="#fff">
        <rect x="6" y="8" width="11" height="4" rx="1" />
        <rect x="19" y="8" width="7" height="4" rx="1" opacity=".65" />
        <rect x="6" y="14" width="6" height="4" rx="1" opacity=".65" />
        <rect x="14" y="14" width="12" height="4" rx="1" />
        <rect x="6" y="20" width="14" height="4" rx="1" />
        <rect x="22" y="20" width="4" height="4" rx="1" opacity=".65" />
      </g>
    </svg>
  );
}
