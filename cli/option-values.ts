/** What values of options become, where several commands have the same. */
import { InvalidArgumentError } from 'commander';

/** For an option that may be repeated. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** For an option that says how many. Throws commander's error for anything else. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= 1000) return count;
  throw new InvalidArgumentError('Give a whole number between 1 and 1000.');
}
