/**
 * A history without names: workspace, repositories and labels are numbered in the order in which they first appear, so
 * that the same export gives the same names and no name can be guessed back. Times and durations stay. Pure.
 */
import type { Gap, HistoryStep } from './format.ts';

/** Labels that say nothing of anybody: what Bitbucket, Atlassian and this program give to every runner. */
const COMMON_LABELS: ReadonlySet<string> = new Set([
  'self.hosted',
  'linux',
  'linux.arm64',
  'linux.shell',
  'windows',
  'macos',
  'autoscaler.created',
]);

export const ANONYMOUS_WORKSPACE = 'workspace';

/** Replaces the names of steps and gaps. The same name gets the same number, in every call of one anonymiser. */
export function createAnonymiser(): {
  readonly step: (step: HistoryStep) => HistoryStep;
  readonly gap: (gap: Gap) => Gap;
} {
  const repository = numbered('repository');
  const label = numbered('label');
  return {
    // The number of a pipeline says how many there were; it goes, and with it the only use of an id.
    step: ({ id: _, ...step }) => ({
      ...step,
      workspace: ANONYMOUS_WORKSPACE,
      ...(step.repository !== undefined && { repository: repository(step.repository) }),
      ...(step.labels && {
        labels: step.labels.map((name) => (COMMON_LABELS.has(name) ? name : label(name))).sort(),
      }),
    }),
    gap: ({ from, to, repository: name }) => ({
      from,
      to,
      ...(name !== undefined && { repository: repository(name) }),
      reason: 'it could not be read',
    }),
  };
}

function numbered(kind: string): (name: string) => string {
  const known = new Map<string, string>();
  return (name) => {
    const alias = known.get(name) ?? `${kind}-${known.size + 1}`;
    known.set(name, alias);
    return alias;
  };
}
