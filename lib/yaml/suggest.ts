/**
 * "Did you mean": the known word that is nearest to an unknown one.
 */

/** Nobody mistypes a word of this length; comparing it takes the product of the lengths. */
const LONGEST_WORD = 60;

/** The candidate that the word was probably meant to be; undefined when none is near. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  const plain = withoutSpelling(word);
  const [best] = candidates
    .map((candidate) => {
      const most = Math.floor(candidate.length / 3);
      return { candidate, most, distance: editDistance(plain, withoutSpelling(candidate), most) };
    })
    .filter(({ distance, most }) => distance <= most)
    .map((near) => ({ ...near, exactDistance: editDistance(word, near.candidate) }))
    .sort((a, b) => a.distance - b.distance || a.exactDistance - b.exactDistance);
  return best?.candidate;
}

/** ` (did you mean "labels"?)`, or nothing: the tail of a message about an unknown word. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const suggestion = suggest(word, candidates);
  return suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`;
}

/** `node_selector`, `node-selector` and `nodeSelector` are the same word to a person. */
function withoutSpelling(word: string): string {
  return word.replaceAll(/[_\s-]/g, '').toLowerCase();
}

/**
 * Levenshtein distance: how many characters must be inserted, removed or replaced. Infinite as soon as it is known to be
 * more than `most`: a text may have thousands of words that are near nothing.
 */
function editDistance(a: string, b: string, most = Number.POSITIVE_INFINITY): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, character] of [...a].entries()) {
    const row = [index + 1];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (character === b[column - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[column] ?? 0) + 1, (row[column - 1] ?? 0) + 1));
    }
    if (Math.min(...row) > most) return Number.POSITIVE_INFINITY;
    above = row;
  }
  return above[b.length] ?? 0;
}
