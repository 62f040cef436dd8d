/** A problem in an input, as people read it: what is wrong, where, and what to do. */

/** One thing wrong with an input, and where. `line` and `column` count from 1. */
export type InputProblem = {
  readonly source: string;
  readonly line?: number;
  readonly column?: number;
  /** Such as `groups[0].parameters.max`; empty for the whole document. */
  readonly path: string;
  readonly message: string;
};

/** `runners.yaml:6:5 groups[0].cooldwn: unknown key` */
export function formatProblem(problem: InputProblem): string {
  const place = [problem.source, problem.line, problem.column].filter((part) => part !== undefined).join(':');
  return problem.path === '' ? `${place} ${problem.message}` : `${place} ${problem.path}: ${problem.message}`;
}

/** Each problem once, in the order of the text, however many groups share what they are in. */
export function distinctProblems(problems: readonly InputProblem[]): readonly InputProblem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()].sort(
    (a, b) => order(a.source, b.source) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}

/** By their characters, whatever language the machine speaks. */
function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
