/**
 * The patterns by which bitbucket-pipelines.yml chooses a section for a branch or tag: `*` (no slash), `**` (anything),
 * `?` (one character, no slash) and `{one,other}`. They are other people's, so a choice takes a bounded number of steps,
 * whatever their shape.
 */

/** Characters of patterns that are held against those of the name: a hundred patterns of 25 against a name of 100. */
const MOST_COMPARISONS = 250_000;

/**
 * The pattern that fits: the name itself, else the one with the most characters that are no wildcard, else the first.
 * `unclear`: it would take too long to tell.
 */
export function bestMatch(
  patterns: readonly string[],
  name: string,
): { readonly pattern: string } | 'unclear' | undefined {
  if (patterns.includes(name)) return { pattern: name };
  const length = patterns.reduce((sum, pattern) => sum + pattern.length, 0);
  if (length * (name.length + 1) > MOST_COMPARISONS) return 'unclear';
  const [pattern] = patterns.filter((each) => fits(each, name)).toSorted((a, b) => literals(b) - literals(a));
  return pattern === undefined ? undefined : { pattern };
}

function literals(pattern: string): number {
  return pattern.replaceAll(/[*?{},]/g, '').length;
}

/** By position in the name: whether what was read of the pattern fits what is before it. */
type Reached = readonly boolean[];

/** Whether the pattern fits the whole name. Each character of it is held against the name once: braces do not multiply. */
function fits(pattern: string, name: string): boolean {
  const start = Array.from({ length: name.length + 1 }, (_, position) => position === 0);
  const reached = pattern.split(/(\{[^{}]*\})/).reduce((before: Reached, part) => {
    const choices = part.startsWith('{') && part.endsWith('}') ? part.slice(1, -1).split(',') : [part];
    const after = choices.map((choice) => advance(before, choice, name));
    return before.map((_, position) => after.some((each) => each[position] === true));
  }, start);
  return reached[name.length] === true;
}

/** The positions that can be reached from others by a part of a pattern without braces, token by token. */
function advance(before: Reached, part: string, name: string): Reached {
  let reached = before;
  for (const token of part.match(/\*\*|[\s\S]/g) ?? []) {
    const isStar = token.startsWith('*');
    const next: boolean[] = [];
    for (let position = 0; position <= name.length; position += 1) {
      // A star takes nothing, or one more character than to its left; all else takes exactly one.
      const from = isStar ? next[position - 1] : reached[position - 1];
      const passes = from === true && accepts(token, name[position - 1]);
      next.push(passes || (isStar && reached[position] === true));
    }
    reached = next;
  }
  return reached;
}

function accepts(token: string, character: string | undefined): boolean {
  return token === '*' || token === '?' ? character !== '/' : token === '**' || token === character;
}
