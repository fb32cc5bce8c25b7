// Fuzzy search over names: every typed word must occur; an exact start beats a word's start beats anywhere.
export function rank<T>(items: readonly T[], typed: string, nameOf: (item: T) => string): T[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...items];
  const scored: { item: T; score: number }[] = [];
  for (const item of items) {
    const name = nameOf(item).toLowerCase();
    let score = 0;
    for (const word of words) {
      const at = name.indexOf(word);
      if (at < 0) {
        score = -1;
        break;
      }
      const startsWord = at === 0 || /[^a-z0-9]/.test(name[at - 1]!);
      score += at === 0 ? 4 : startsWord ? 2 : 1;
    }
    if (score < 0) continue;
    scored.push({ item, score: score - name.length / 1000 });
  }
  return scored.sort((a, b) => b.score - a.score).map((entry) => entry.item);
}
