/**
 * The Jinja of Atlassian's Job templates: `<% variable %>`, comments `{# … #}`, and `{%- if repositoryUuid %} …
 * {%- endif %}` on lines of their own. Templates here have no logic: an entry whose variable has no value is left out by
 * itself, so that the lines with tags can go. What cannot be said that way is a fault with a line and a next step.
 */

/** The lines between an `if` and its `endif`, counted from 1 in the text without tags; `tagLine` in the source. */
export type Condition = { readonly from: number; readonly to: number; readonly tagLine: number };

export type Fault = { readonly line: number; readonly message: string };

/** A template without tags: YAML whose scalars still hold `<% variables %>`. */
type Untagged = {
  readonly text: string;
  /** The line of the source that a line of `text` was. */
  readonly sourceLine: (line: number) => number;
  readonly conditions: readonly Condition[];
  /** Lines are those of the source. */
  readonly faults: readonly Fault[];
};

/** The only variables that have no value for some runners in Atlassian's autoscaler. */
const OPTIONAL = /^(repositoryUuid|repository_uuid)(\s+is\s+defined)?$/;

const TAG_LINE = /^\{%(.*?)%\}\s*(#.*)?$/;
const TWO_TEMPLATES =
  'make two templates, one for groups with a repository and one for groups without, and name them in jobTemplates';

/** Atlassian's templates have two or three. */
const MOST_CONDITIONS = 100;

/** Takes the tags out of a template. */
export function removeTags(source: string): Untagged {
  const lines = withoutNodeSelector(commentsAsYaml(source).split('\n').map(readLine));
  const kept = lines.filter(({ rest }) => rest !== undefined);
  const { conditions, faults } = pairTags(lines);
  return {
    text: kept.map(({ rest }) => rest).join('\n'),
    sourceLine: (line) => kept[line - 1]?.number ?? line,
    conditions,
    faults: [
      ...lines
        .filter(({ hasTagWithin }) => hasTagWithin)
        .map(({ number: line }) => ({ line, message: TAG_WITHIN_LINE })),
      ...faults,
    ],
  };
}

/** A line of a template: a tag, other text (`rest`), or a tag with a comment behind it. */
type Line = {
  readonly number: number;
  readonly statement?: string;
  readonly rest?: string;
  readonly hasTagWithin: boolean;
};

function readLine(text: string, index: number): Line {
  const number = index + 1;
  if (text.trimStart().startsWith('#')) return { number, rest: text, hasTagWithin: false };
  const [, tag, comment] = TAG_LINE.exec(text.trim()) ?? [];
  if (tag === undefined) return { number, rest: text, hasTagWithin: text.includes('{%') };
  return {
    number,
    statement: withinTag(tag),
    hasTagWithin: false,
    ...(comment === undefined ? {} : { rest: comment }),
  };
}

/**
 * Drops the blocks that write a group's `node_selector` entry by entry, a loop and mostly an `if` around it: here the
 * group's node selector is laid over the pod of any template. A block that does anything else stays, for its faults.
 */
function withoutNodeSelector(lines: readonly Line[]): readonly Line[] {
  const kept: Line[] = [];
  for (let start = 0, end = 0; start < lines.length; start = end) {
    const isSelector = SELECTOR_START.test(lines[start]?.statement ?? '');
    end = isSelector ? endOfBlock(lines, start) : start + 1;
    const block = lines.slice(start, end);
    if (!(isSelector && block.every(isOfSelector))) for (const line of block) kept.push(line);
  }
  return kept;
}

/** Behind the block that a line opens; the end of all when nothing closes it. */
function endOfBlock(lines: readonly Line[], start: number): number {
  let depth = 0;
  for (let end = start; end < lines.length; end += 1) {
    const { statement = '' } = lines[end] ?? {};
    if (/^(if|for)\b/.test(statement)) depth += 1;
    if (/^end(if|for)\b/.test(statement)) depth -= 1;
    if (depth === 0) return end + 1;
  }
  return lines.length;
}

const SELECTOR_IF = /^if node_selector(\s+is\s+defined)?$/;
const SELECTOR_LOOP = /^for \w+\s*,\s*\w+ in node_selector\.items\(\)$/;
const SELECTOR_START = new RegExp(`${SELECTOR_IF.source}|${SELECTOR_LOOP.source}`);
const SELECTOR_TEXT = /^(nodeSelector:|["']?<%\s*\w+\s*%>["']?\s*:\s*["']?<%\s*\w+\s*%>["']?)?\s*(#.*)?$/;

function isOfSelector({ statement, rest = '' }: Line): boolean {
  if (statement === undefined) return SELECTOR_TEXT.test(rest.trim());
  return SELECTOR_START.test(statement) || /^end(if|for)$/.test(statement);
}

function pairTags(lines: readonly Line[]): Pick<Untagged, 'conditions' | 'faults'> {
  const conditions: Condition[] = [];
  const faults: Fault[] = [];
  const open: Omit<Condition, 'to'>[] = [];
  let kept = 0;
  for (const { number: line, statement, rest } of lines) {
    kept += rest === undefined ? 0 : 1;
    if (statement === undefined) continue;
    faults.push(...faultsOf(statement, open.length > 0).map((message) => ({ line, message })));
    if (/^if\b/.test(statement)) open.push({ from: kept + 1, tagLine: line });
    const opened = statement === 'endif' ? open.pop() : undefined;
    if (opened !== undefined) conditions.push({ ...opened, to: kept });
  }
  const unclosed = open.map(({ tagLine }) => ({ line: tagLine, message: 'this "if" has no "endif"; add it' }));
  const excess = conditions.slice(MOST_CONDITIONS, MOST_CONDITIONS + 1).map(({ tagLine: line }) => {
    return { line, message: `has more than ${MOST_CONDITIONS} conditions before this one; ${TWO_TEMPLATES}` };
  });
  return { conditions: conditions.slice(0, MOST_CONDITIONS), faults: [...faults, ...unclosed, ...excess] };
}

const TAG_WITHIN_LINE = `a {% tag %} within a line cannot be converted; ${TWO_TEMPLATES}`;

/** Why a statement cannot be converted; empty when it can. */
function faultsOf(statement: string, isInside: boolean): readonly string[] {
  const [keyword = '', condition = ''] = statement.split(/\s+(.*)/s);
  switch (keyword) {
    case 'if':
      return OPTIONAL.test(condition)
        ? []
        : [`only "if repositoryUuid" can be converted, not "if ${condition}"; ${REWRITE}`];
    case 'endif':
      return isInside ? [] : ['this "endif" has no "if"; remove it'];
    case 'else':
    case 'elif':
      return [`"${keyword}" cannot be converted; ${TWO_TEMPLATES}`];
    case 'for':
    case 'endfor':
      return [`"${keyword}" cannot be converted, as templates have no loops; write the entries out`];
    case 'set':
      return ['"set" cannot be converted; write the value where it is used'];
    default:
      return [`"${keyword}" cannot be converted; remove the tag and write out what it makes`];
  }
}

const REWRITE = `write out what always holds, or ${TWO_TEMPLATES}`;

/** `{# a #}` becomes `# a` at the end of a line and on lines of its own, and goes without trace before other text. */
function commentsAsYaml(text: string): string {
  const last = text.lastIndexOf('#}');
  const border = last < 0 ? 0 : text.indexOf('\n', last) + 1 || text.length;
  return replaceBefore(border, text, /\{#[-+]?([\s\S]*?)[-+]?#\}([^\n]*)/g, (comment, rest) => {
    const lines = comment.split('\n').map((line) => `# ${line.trim()}`.trimEnd());
    return rest.trim() === '' ? lines.join('\n') : `${'\n'.repeat(lines.length - 1)}${rest}`;
  });
}

type Replacement = (first: string, second: string) => string;

/** Where no end follows, each beginning would be held against all that is left: nothing is looked for there. */
function replaceBefore(border: number, text: string, what: RegExp, by: Replacement): string {
  const replaced = text.slice(0, border).replace(what, (_, first, second) => by(first, second));
  return replaced + text.slice(border);
}

/** What stands in a tag, without the signs that trim the text around it. */
function withinTag(text: string): string {
  return text.replace(/^[-+]/, '').replace(/[-+]$/, '').trim();
}

/** A scalar with its `<% variables %>` as `{{variables}}`, or one sentence of what cannot be converted. */
export function withHandlebars(text: string): { readonly text: string } | { readonly fault: string } {
  const escaped = text.replaceAll('{{', '\\{{');
  const expressions: string[] = [];
  const translated = replaceBefore(escaped.lastIndexOf('%>') + 2, escaped, /<%([\s\S]*?)%>/g, (tag) => {
    const expression = withinTag(tag);
    expressions.push(expression);
    return `{{${expression}}}`;
  });
  const wrong = expressions.find((expression) => !/^\w+$/.test(expression));
  if (wrong === undefined) return { text: translated };
  return { fault: `only plain variables such as <%runnerUuid%> can be converted, not <%${wrong}%>; ${WRITE_OUT}` };
}

const WRITE_OUT = 'write the value out, or set it in the group';

/** Helm's own templating: what the chart makes of it can be migrated, not the chart. */
export function isHelmTemplate(text: string): boolean {
  return text.matchAll(/\{\{([^}]*)/g).some(([, inner = '']) => /\.(Values|Release|Chart)\b|\binclude\s+"/.test(inner));
}
