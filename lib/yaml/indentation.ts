/**
 * YAML as SnakeYAML reads it, which cares less for indentation than our parser: a text in quotes, and a list or mapping in
 * brackets, may go on in any column. What stumbles over that is indented and parsed again. Pure.
 */
import { type Document, isCollection, type ParseOptions, parseDocument, type SchemaOptions, visit } from 'yaml';

type Options = ParseOptions & SchemaOptions;

/** Characters that may be parsed again for one text. */
const MOST_PARSED_AGAIN = 300_000;

/** Parses a text; what is left in `errors` is wrong for everybody. */
export function parseLeniently(text: string, options: Options): Document.Parsed {
  let present = text;
  let document = parseDocument(present, options);
  for (let parsed = 0; parsed < MOST_PARSED_AGAIN; parsed += present.length) {
    const mended = mend(present, document);
    if (mended === undefined) break;
    present = mended;
    document = parseDocument(present, options);
  }
  document.errors = document.errors.filter(({ message }) => !message.startsWith(GLUED_COMMENT));
  return document;
}

/** `"A"#note`: the comment is told apart all the same. */
const GLUED_COMMENT = 'Comments must be separated';

/** The text with what the first error is about indented further; undefined when that is no help. */
function mend(text: string, document: Document.Parsed): string | undefined {
  const error = document.errors.find(({ message }) => !message.startsWith(GLUED_COMMENT));
  if (error === undefined) return undefined;
  const [at] = error.pos;
  const [, quote] = /^Missing closing (["'])/.exec(error.message) ?? [];
  if (quote !== undefined) return indented(text, startOfQuote(text.slice(0, at), quote), endOfQuote);
  if (error.message.startsWith('Flow ')) return indented(text, startOfFlow(document, at), endOfFlow);
  return undefined;
}

/** Indents the lines in which something goes on that begins at `start`, by one column more than its first line. */
function indented(text: string, start: number, endOf: (text: string, start: number) => number): string | undefined {
  const end = start < 0 ? -1 : endOf(text, start);
  if (end < 0) return undefined;
  const [indent = ''] = /^[ -]*/.exec(text.slice(text.lastIndexOf('\n', start) + 1, start)) ?? [];
  const inside = text.slice(start, end).replaceAll('\n', `\n${' '.repeat(indent.length + 1)}`);
  const mended = text.slice(0, start) + inside + text.slice(end);
  return mended === text ? undefined : mended;
}

/** Of a text that breaks off. */
const MOST_ESCAPED_QUOTES = 100;

/** Where the quote stands that opens what breaks off at the end of the text; -1 when there is none. */
function startOfQuote(text: string, quote: string): number {
  let start = text.lastIndexOf(quote);
  // Inside of it quotes are escaped: \" or ''.
  for (let tries = 0; start >= 0 && tries < MOST_ESCAPED_QUOTES; tries += 1) {
    if (endOfQuote(text, start) < 0 && text[start - 1] !== (quote === '"' ? '\\' : quote)) return start;
    start = text.lastIndexOf(quote, start - 1);
  }
  return -1;
}

/** Behind the closing quote; -1 when there is none. */
function endOfQuote(text: string, start: number): number {
  const form = text[start] === '"' ? /"(?:[^"\\]|\\[\s\S])*"/y : /'(?:[^']|'')*'(?!')/y;
  form.lastIndex = start;
  return form.test(text) ? form.lastIndex : -1;
}

/** Where the outermost brackets begin that end, too early, at `at`; -1 when there are none. */
function startOfFlow(document: Document.Parsed, at: number): number {
  let start = -1;
  visit(document, {
    Node(_, node) {
      if (!isCollection(node) || !node.flow || node.range == null) return undefined;
      const [from, to] = node.range;
      if (from > at || to < at) return undefined;
      start = from;
      return visit.BREAK;
    },
  });
  return start;
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
