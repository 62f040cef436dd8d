/**
 * Which files have changed since the last release, as git knows it. Only what git answers is used: in a clone without
 * history or tags less is known, and then more counts as changed.
 */

/** Runs git and gives what it printed; undefined when it failed. */
export type Git = (...args: readonly string[]) => string | undefined;

/** What is compared with, in words, and what is different. */
export type Changes = {
  readonly since: string;
  /** Absent: there is no release to compare with, so every file counts as changed. */
  readonly files?: readonly string[];
  /** The files of the last commit. */
  readonly latest: readonly string[];
};

/**
 * Finds what has changed, committed or not. `base` is a commit to compare with instead of the last release, which is the
 * latest tag `v…` before the present commit. Throws when there is no such commit.
 */
export function findChanges(git: Git, base?: string): Changes {
  const latest = filesSince(git, 'HEAD~1') ?? [];
  if (base !== undefined) {
    const files = filesSince(git, base);
    if (files === undefined) {
      throw new Error(`MUTATE_BASE is ${base}, which is no commit of this clone; fetch it or leave MUTATE_BASE out.`);
    }
    return { since: base, files, latest };
  }
  // A release itself is compared with the one before it.
  const tag = git('describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*', 'HEAD~1')?.trim();
  const files = tag === undefined ? undefined : filesSince(git, tag);
  return files === undefined ? { since: 'the beginning', latest } : { since: `release ${tag}`, files, latest };
}

function filesSince(git: Git, commit: string): readonly string[] | undefined {
  return git('diff', '--name-only', '--diff-filter=d', commit)
    ?.split('\n')
    .filter((line) => line !== '');
}
