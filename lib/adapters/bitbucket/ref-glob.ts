/**
 * The patterns by which bitbucket-pipelines.yml chooses a section for a branch or tag: `*` (no slash), `**` (anything),
 * `?` (one character, no slash) and `{one,other}`. They are other people's, so matching takes time in proportion to
 * pattern × name, never more.
 */

/** Alternatives in braces multiply; a pattern with more fits nothing. */
const MOST_ALTERNATIVES = 64;

/** The pattern that fits: the name itself, else the one with the most characters that are no wildcard, else the first. */
export function bestMatch(patterns: readonly string[], name: string): string | undefined {
  if (patterns.includes(name)) return name;
  const fitting = patterns.filter((pattern) => expandBraces(pattern).some((plain) => fits(plain, name)));
  return fitting.toSorted((a, b) => literals(b) - literals(a))[0];
}

function literals(pattern: string): number {
  return pattern.replaceAll(/[*?{},]/g, '').length;
}

/** `{a,b}/c` → `a/c`, `b/c`. Braces do not nest. */
function expandBraces(pattern: string): readonly string[] {
  let expanded: readonly string[] = [''];
  for (const part of pattern.split(/(\{[^{}]*\})/)) {
    const choices = part.startsWith('{') && part.endsWith('}') ? part.slice(1, -1).split(',') : [part];
    if (expanded.length * choices.length > MOST_ALTERNATIVES) return [];
    expanded = expanded.flatMap((prefix) => choices.map((choice) => prefix + choice));
  }
  return expanded;
}

/** Whether a pattern without braces fits the whole name: the positions of the name that can be reached, token by token. */
function fits(pattern: string, name: string): boolean {
  let reached: readonly boolean[] = Array.from({ length: name.length + 1 }, (_, position) => position === 0);
  for (const token of pattern.match(/\*\*|[\s\S]/g) ?? []) {
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
  return reached[name.length] === true;
}

function accepts(token: string, character: string | undefined): boolean {
  return token === '*' || token === '?' ? character !== '/' : token === '**' || token === character;
}
