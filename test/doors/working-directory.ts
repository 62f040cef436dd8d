/** The current directory of tests whose commands name files relative to it. */

/** Goes there; what it gives goes back, so that a hook may return it. */
export function workIn(directory: string): () => void {
  const before = process.cwd();
  process.chdir(directory);
  return () => process.chdir(before);
}
