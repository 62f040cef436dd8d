/** `0.8` → `80 %`, at most one decimal. */
export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** `90000` → `1m 30s`; the two largest units, rounded down; below a second, `0s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ].filter(([amount]) => amount !== 0);
  return parts.length === 0
    ? '0s'
    : parts
        .slice(0, 2)
        .map(([amount, unit]) => `${amount}${unit}`)
        .join(' ');
}

/** `runner`, or `runners` for any count but one. */
export function plural(count: number, word: string): string {
  return count === 1 ? word : `${word}s`;
}
