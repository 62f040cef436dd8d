/**
 * Kubernetes quantities (`512Mi`, `1500m`, `0.5`) and durations (`90s`, `1h30m`): text to numbers. Pure.
 */

const DECIMAL = { '': 1, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };
const BINARY = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50 };
const FACTORS: Readonly<Record<string, number>> = { ...DECIMAL, ...BINARY };

/** Bytes or cores behind a quantity; undefined when the text is not one (exponents and exa-bytes are left out). */
export function parseQuantity(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m|k|[KMGTP]i|[MGTP])?$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * (FACTORS[match[2] ?? ''] ?? 1);
}

/** What a duration looks like in the configuration. */
export const DURATION_PATTERN = /^(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;

/** Milliseconds of whatever `parseDuration` reads, with days before it if wanted: `30d`, `1d12h`; NaN for anything else. */
export function parseSpan(span: string | number): number {
  const [, days, rest = ''] = /^(\d+)d(.*)$/.exec(String(span)) ?? [];
  if (days === undefined) return parseDuration(span);
  return Number(days) * 86_400_000 + (rest === '' ? 0 : parseDuration(rest));
}

/** Milliseconds of `90s`, `10m`, `2h`, `1h30m` or of a number of seconds; NaN for anything else. */
export function parseDuration(duration: string | number): number {
  if (typeof duration === 'number') return Math.round(duration * 1000);
  const match = DURATION_PATTERN.exec(duration);
  if (match === null) return Number.NaN;
  const [hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000;
}
