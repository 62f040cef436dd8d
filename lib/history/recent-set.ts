/** A set that forgets what was added longest ago. */

/** `add` says whether the value is new, among the last `size` ones. */
export function createRecentSet(size: number): { readonly add: (value: string) => boolean } {
  // A Set keeps the order in which values were added.
  const kept = new Set<string>();
  return {
    add: (value) => {
      if (kept.has(value)) return false;
      kept.add(value);
      const [oldest] = kept;
      if (kept.size > size && oldest !== undefined) kept.delete(oldest);
      return true;
    },
  };
}
