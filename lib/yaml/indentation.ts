/**
 * YAML as SnakeYAML reads it, which cares less for indentation than our parser: a text in quotes, and a list or mapping in
 * brackets, may go on in any column. What stumbles over that is indented and parsed again. Pure.
 */
import { type Document, Lexer, type ParseOptions, parseDocument, type SchemaOptions } from 'yaml';

type Options = ParseOptions & SchemaOptions;

/** Parses a text; what is left in `errors` is wrong for everybody. Takes at most twice as long as one that is in order. */
export function parseLeniently(text: string, options: Options): Document.Parsed {
  const document = parsed(text, options);
  return document.errors.length === 0 ? document : parsed(mend(text), options);
}

/** `"A"#note`: the comment is told apart all the same. */
const GLUED_COMMENT = 'Comments must be separated';

function parsed(text: string, options: Options): Document.Parsed {
  const document = parseDocument(text, options);
  document.errors = document.errors.filter(({ message }) => !message.startsWith(GLUED_COMMENT));
  return document;
}

/**
 * The text with all that breaks off indented further. The lexer has lost its way behind such a place, so it begins anew in
 * the first line that is whole.
 */
function mend(text: string): string {
  let mended = '';
  let done = 0;
  for (let start = brokenOff(text); start >= 0; start = brokenOff(text.slice(done))) {
    const end = endOf(text, done + start);
    if (end < 0) break;
    const next = text.indexOf('\n', end) + 1 || text.length;
    mended += text.slice(done, done + start) + indented(text, done + start, end) + text.slice(end, next);
    done = next;
  }
  return mended + text.slice(done);
}

/** The lines in which something goes on that begins at `start`, by one column more than its first line. */
function indented(text: string, start: number, end: number): string {
  const [indent = ''] = /^[ -]*/.exec(text.slice(text.lastIndexOf('\n', start) + 1, start)) ?? [];
  return text.slice(start, end).replaceAll('\n', `\n${' '.repeat(indent.length + 1)}`);
}

/** What the lexer puts before the words of a scalar without quotes, and where brackets break off. */
const WORDS = '\x1f';
const FLOW_BREAKS = '\x18';
/** Of no width, as is the mark of a document. */
const MARKS: ReadonlySet<string> = new Set([WORDS, FLOW_BREAKS, '\x02']);

const DEEPER: Readonly<Record<string, number>> = { '[': 1, '{': 1, ']': -1, '}': -1 };

/** Where that begins which the lexer sees breaking off first: quotes, or the outermost brackets around; -1 when nothing does. */
function brokenOff(text: string): number {
  let [at, depth, flow, before] = [0, 0, 0, ''];
  for (const token of new Lexer().lex(text)) {
    if (breaksOff(token, before)) return depth > 0 ? flow : at;
    if (depth === 0) flow = at;
    depth += DEEPER[token] ?? 0;
    if (!MARKS.has(token)) at += token.length;
    before = token;
  }
  return -1;
}

function breaksOff(token: string, before: string): boolean {
  return token === FLOW_BREAKS || (before !== WORDS && /^["']/.test(token) && endOfQuote(token, 0) < 0);
}

/** Behind what begins at `start`; -1 when it has no end. */
function endOf(text: string, start: number): number {
  return /["']/.test(text.charAt(start)) ? endOfQuote(text, start) : endOfFlow(text, start);
}

/** Behind the closing quote; -1 when there is none. */
function endOfQuote(text: string, start: number): number {
  const form = text[start] === '"' ? /"(?:[^"\\]|\\[\s\S])*"/y : /'(?:[^']|'')*'(?!')/y;
  form.lastIndex = start;
  return form.test(text) ? form.lastIndex : -1;
}

/** Behind the bracket that closes the one at `start`; -1 when there is none. */
function endOfFlow(text: string, start: number): number {
  const piece = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^']|'')*'(?!')|(?<=\s)#.*|[[\]{}]|[^"'#[\]{}]+|[\s\S]/y;
  let depth = 0;
  for (piece.lastIndex = start; piece.lastIndex < text.length; ) {
    const [found = ''] = piece.exec(text) ?? [];
    if (found === '[' || found === '{') depth += 1;
    if (found === ']' || found === '}') depth -= 1;
    if (depth === 0) return piece.lastIndex;
  }
  return -1;
}
