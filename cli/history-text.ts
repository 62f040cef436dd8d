/** An export in sentences. Pure. */
import { isoText } from '#text/time.ts';
import type { ExportResult } from '#tools/history/export.ts';

type ExportFacts = Partial<ExportResult> & {
  readonly file: string;
  readonly isWhole: boolean;
  readonly calls: number;
};

/** What the file has, what it has not and why, and what to do next. */
export function describeExport({ file, isWhole, calls, ...result }: ExportFacts): readonly string[] {
  const {
    steps = 0,
    pipelines = 0,
    repositories = 0,
    from,
    to,
    omitted,
    unlabelled = 0,
    gaps = 0,
    problems = [],
  } = result;
  const range = from === undefined || to === undefined ? '' : `, ${isoText(from)} to ${isoText(to)}`;
  const read = `${steps} steps of ${pipelines} pipelines in ${repositories} repositories${range}, ${calls} calls`;
  const left = omitted && [
    [omitted.hosted, "ran on Bitbucket's own machines"],
    [omitted.notRun, 'did not run'],
    [omitted.unfinished, 'are not finished'],
    [omitted.outside, 'became ready outside of that time'],
  ];
  return [
    isWhole ? `${file}: ${read}.` : `Stopped with ${read}; go on with the same command and --resume.`,
    ...(left ?? []).flatMap(([count, why]) => (count === 0 ? [] : [`Left out: ${count} steps that ${why}.`])),
    ...(unlabelled === 0 ? [] : [`Of ${unlabelled} steps it is not known what they asked for; they cannot be played.`]),
    ...problems.map((problem) => `Such as: ${problem}.`),
    ...(gaps === 0 ? [] : [`${gaps} times could not be read; the file says which.`]),
  ];
}
