/**
 * A text to migrate and where it came from: a file of its own, or a value inside a ConfigMap. Problems are placed in the
 * file that the user gave.
 */
import * as yaml from 'yaml';
import type { InputProblem } from '#yaml/problem.ts';

/** Lines and columns count from 1. */
type TextPlace = { readonly line: number; readonly column?: number };

/** What is wrong at an offset of a text. */
export type Fault = { readonly offset: number; readonly message: string };

export type Excerpt = {
  readonly source: string;
  readonly text: string;
  /** Where a place in `text` is in the file. */
  readonly placeOf: (place: TextPlace) => TextPlace;
  /** Whether `placeOf` knows only where the text begins, so that its own lines have to be told. */
  readonly isFolded?: boolean;
};

/** A problem at a place in the excerpt. */
export function problemIn(excerpt: Excerpt, place: TextPlace, message: string, path = ''): InputProblem {
  const told = excerpt.isFolded ? `line ${place.line} of the text that begins here: ${message}` : message;
  return { source: excerpt.source, ...excerpt.placeOf(place), path, message: told };
}

/** A problem that was found in the excerpt's text, at its place in the file. */
export function problemInFile(excerpt: Excerpt, problem: InputProblem): InputProblem {
  const { line, column, path, message } = problem;
  if (line === undefined) return { ...problem, source: excerpt.source };
  return problemIn(excerpt, { line, ...(column && { column }) }, message, path);
}

/** A file, or the lines of it that begin with `firstLine`. */
export function fileExcerpt(source: string, text: string, firstLine = 1): Excerpt {
  return { source, text, placeOf: ({ line, ...rest }) => ({ line: line + firstLine - 1, ...rest }) };
}

/**
 * A string in a YAML file, which begins in `line`. A literal block (`|`) keeps its lines, so that places inside it are known; of a string in
 * any other form (one long line in quotes, as kubectl prints it) only the beginning is.
 */
export function scalarExcerpt(source: string, scalar: yaml.Scalar, line: number, fileText: string): Excerpt {
  const text = String(scalar.value);
  if (scalar.type !== yaml.Scalar.BLOCK_LITERAL) return { source, text, placeOf: () => ({ line }), isFolded: true };
  const [start, end] = scalar.range ?? [];
  const [, ...lines] = fileText.slice(start, end).split('\n');
  const indentation = indentationOf(lines) - indentationOf(text.split('\n'));
  return {
    source,
    text,
    placeOf: (place) => ({
      line: line + place.line,
      ...(place.column && { column: place.column + indentation }),
    }),
  };
}

/** The leading spaces of the first line that has any text. */
function indentationOf(lines: readonly string[]): number {
  return Math.max(lines.find((line) => line.trim() !== '')?.search(/\S/) ?? 0, 0);
}
