/** A set that forgets what was added long ago. */

/** `add` says whether the value is new, among at least the last `size` ones and at most twice as many. */
export function createRecentSet(size: number): { readonly add: (value: string) => boolean } {
  // Two halves, of which the older one is dropped whole: taking values out one by one makes a large Set slow.
  let young = new Set<string>();
  let old = new Set<string>();
  return {
    add: (value) => {
      if (young.has(value) || old.has(value)) return false;
      young.add(value);
      if (young.size >= size) {
        old = young;
        young = new Set();
      }
      return true;
    },
  };
}
