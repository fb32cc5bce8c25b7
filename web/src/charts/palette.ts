// The one palette of every plot. Ordered so that neighbours differ for colour-blind eyes too, and mid-toned so that all
// of them can be read on the light and on the dark ground.
export const kPalette = [
  '#4a76f0', '#e5812f', '#1f9e78', '#cc4f93', '#8f68d8', '#b8960c', '#2a9fc9', '#d4574e', '#7b8f34', '#8a817c',
] as const;

export function colorOf(index: number): string {
  return kPalette[index % kPalette.length]!;
}

// Colours that a canvas needs as text.
export function ground() {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return { line: read('--line'), text: read('--faint'), panel: read('--panel') };
}
