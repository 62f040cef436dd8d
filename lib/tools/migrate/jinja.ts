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

const TAG_LINE = /^\s*\{%[-+]?\s*(.*?)\s*[-+]?%\}\s*(#.*)?$/;
const TWO_TEMPLATES =
  'make two templates, one for groups with a repository and one for groups without, and name them in jobTemplates';

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
  const [, statement, comment] = TAG_LINE.exec(text) ?? [];
  if (statement === undefined) return { number, rest: text, hasTagWithin: text.includes('{%') };
  return { number, statement, hasTagWithin: false, ...(comment === undefined ? {} : { rest: comment }) };
}

/**
 * Drops the blocks that write a group's `node_selector` entry by entry, a loop and mostly an `if` around it: here the
 * group's node selector is laid over the pod of any template. A block that does anything else stays, for its faults.
 */
function withoutNodeSelector(lines: readonly Line[]): readonly Line[] {
  const start = lines.findIndex(({ statement = '' }) => SELECTOR_START.test(statement));
  if (start < 0) return lines;
  const length = blockLength(lines.slice(start));
  const isPlain = lines.slice(start, start + length).every(isOfSelector);
  const before = lines.slice(0, start + (isPlain ? 0 : length));
  return [...before, ...withoutNodeSelector(lines.slice(start + length))];
}

/** How many lines the block has that the first line opens; all of them when nothing closes it. */
function blockLength(lines: readonly Line[]): number {
  let depth = 0;
  for (const [index, { statement = '' }] of lines.entries()) {
    if (/^(if|for)\b/.test(statement)) depth += 1;
    if (/^end(if|for)\b/.test(statement)) depth -= 1;
    if (depth === 0) return index + 1;
  }
  return lines.length;
}

const SELECTOR_IF = /^if node_selector(\s+is\s+defined)?$/;
const SELECTOR_LOOP = /^for \w+\s*,\s*\w+ in node_selector\.items\(\)$/;
const SELECTOR_START = new RegExp(`${SELECTOR_IF.source}|${SELECTOR_LOOP.source}`);
const SELECTOR_TEXT = /^\s*(nodeSelector:|["']?<%\s*\w+\s*%>["']?\s*:\s*["']?<%\s*\w+\s*%>["']?)?\s*(#.*)?$/;

function isOfSelector({ statement, rest = '' }: Line): boolean {
  if (statement === undefined) return SELECTOR_TEXT.test(rest);
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
  return { conditions, faults: [...faults, ...unclosed] };
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
  return text.replace(/\{#[-+]?([\s\S]*?)[-+]?#\}([^\n]*)/g, (_, comment: string, rest: string) => {
    const lines = comment.split('\n').map((line) => `# ${line.trim()}`.trimEnd());
    return rest.trim() === '' ? lines.join('\n') : `${'\n'.repeat(lines.length - 1)}${rest}`;
  });
}

/** A scalar with its `<% variables %>` as `{{variables}}`, or one sentence of what cannot be converted. */
export function withHandlebars(text: string): { readonly text: string } | { readonly fault: string } {
  const escaped = text.replaceAll('{{', '\\{{');
  const expressions = [...escaped.matchAll(/<%[-+]?\s*([\s\S]*?)\s*[-+]?%>/g)].map(([, expression = '']) => expression);
  const wrong = expressions.find((expression) => !/^\w+$/.test(expression));
  if (wrong !== undefined) {
    return { fault: `only plain variables such as <%runnerUuid%> can be converted, not <%${wrong}%>; ${WRITE_OUT}` };
  }
  return { text: escaped.replace(/<%[-+]?\s*(\w+)\s*[-+]?%>/g, '{{$1}}') };
}

const WRITE_OUT = 'write the value out, or set it in the group';

/** Helm's own templating: what the chart makes of it can be migrated, not the chart. */
export function isHelmTemplate(text: string): boolean {
  return /\{\{[^}]*(\.Values\b|\.Release\b|\.Chart\b|\binclude\s+")/.test(text);
}
