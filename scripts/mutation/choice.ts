/** Which files are mutated when there is time for some only. Pure, and the same for the same commit. */
import { createHash } from 'node:crypto';
import { matchesGlob } from 'node:path';

/** A file with the number of its mutants, estimated. */
export type Sized = { readonly file: string; readonly mutants: number };

/** What fits into the time, and what does not. */
export type Choice = { readonly chosen: readonly Sized[]; readonly left: readonly Sized[] };

/** Whether the patterns of Stryker's `mutate` mean the file. The last pattern that fits it decides. */
export function isMutated(file: string, patterns: readonly string[]): boolean {
  const last = patterns.findLast((pattern) => matchesGlob(file, pattern.replace(/^!/, '')));
  return last !== undefined && !last.startsWith('!');
}

/**
 * About how many mutants Stryker makes of a file: a little less than one for each line that is neither empty, nor a
 * comment, nor an import.
 */
export function estimateMutants(text: string): number {
  const lines = text.split('\n').filter((line) => !/^\s*($|\/\/|\/?\*|import )/.test(line));
  return Math.ceil(lines.length * 1.1);
}

/**
 * Takes files while they fit, at least one: those in `first` first, then the others in an order that `seed` shuffles. With
 * the commit as the seed, each commit tries others, and a commit that is tried again the same.
 */
export function chooseFiles(
  files: readonly Sized[],
  { first, seed, mutants }: { readonly first: readonly string[]; readonly seed: string; readonly mutants: number },
): Choice {
  const ordered = files.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  function rank({ file }: Sized): string {
    return `${first.includes(file) ? 0 : 1} ${createHash('sha256').update(`${seed} ${file}`).digest('hex')}`;
  }
  const chosen: Sized[] = [];
  const left: Sized[] = [];
  let room = mutants;
  for (const entry of ordered) {
    const fits = entry.mutants <= room || chosen.length === 0;
    (fits ? chosen : left).push(entry);
    if (fits) room -= entry.mutants;
  }
  return { chosen, left };
}
