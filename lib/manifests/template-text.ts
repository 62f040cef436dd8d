/// <reference path="./handlebars-parser.d.ts" />
/**
 * One scalar of a template, read as Handlebars: plain text and `{{variables}}`, nothing else. Handlebars itself only
 * parses here; it never runs, so there are no helpers, no inherited properties and no HTML escaping to guard against.
 */
// The package's index would bring the compiler along.
import { parse } from 'handlebars/dist/cjs/handlebars/compiler/base.js';

/** Plain text, or a variable. `inBraces`: written `{{{x}}}`, which gives a uuid within its braces. */
export type TextPart = string | { readonly variable: string; readonly inBraces: boolean };

/**
 * What `{{{x}}}` is for: a template says `RUNNER_UUID: "{" + uuid + "}"` the way its text looks. Handlebars means
 * "unescaped" by it, which is how everything is filled in here, so for other variables it is refused.
 */
const UUIDS = new Set([
  'runnerUuid',
  'runner_uuid',
  'accountUuid',
  'account_uuid',
  'repositoryUuid',
  'repository_uuid',
]);

/** The parts of a scalar, or one sentence of what is wrong with it. */
export function textParts(text: string): readonly TextPart[] | string {
  try {
    return parse(text).body.flatMap((statement) => partOf(statement as Statement));
  } catch (error) {
    return error instanceof UnsupportedError
      ? error.message
      : `the braces do not match up; write a variable as {{runnerUuid}}, and \\{{ for braces that stay`;
  }
}

class UnsupportedError extends Error {}

type Statement =
  | hbs.AST.ContentStatement
  | hbs.AST.CommentStatement
  | hbs.AST.MustacheStatement
  | hbs.AST.BlockStatement
  | hbs.AST.PartialStatement;

function partOf(statement: Statement): readonly TextPart[] {
  switch (statement.type) {
    case 'ContentStatement':
      return [statement.value];
    case 'CommentStatement':
      return [];
    case 'MustacheStatement':
      return [variableOf(statement)];
    default:
      throw new UnsupportedError(
        'only plain {{variables}} are supported, no blocks or partials; an entry without a value is left out by itself',
      );
  }
}

function variableOf({ path, params, hash, escaped }: hbs.AST.MustacheStatement): TextPart {
  const isPlain = path.type === 'PathExpression' && params.length === 0 && hash === undefined;
  const { original, parts, data, depth } = path as hbs.AST.PathExpression;
  if (!isPlain || parts.length !== 1 || data || depth > 0) {
    throw new UnsupportedError(`only plain variables such as {{runnerUuid}} are supported, not {{${original}}}`);
  }
  if (!escaped && !UUIDS.has(original)) {
    throw new UnsupportedError(`write {{${original}}}: values are never escaped, and triple braces are for uuids`);
  }
  return { variable: original, inBraces: !escaped };
}
