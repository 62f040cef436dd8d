/** A change of a file as a unified diff. Pure. */
import { createTwoFilesPatch } from 'diff';

/** As `git apply` and `patch -p1` take it; empty when nothing changes. `path`: of the file, with `/`, as they will see it. */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  const patch = createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, undefined, undefined, { context: 3 });
  // The library begins with a line for Index files, which neither needs.
  return patch.slice(patch.indexOf('--- '));
}
