/** Remembers what was read for a key, for the keys that were asked for last. */

/**
 * A function that gives what `read` gave for the key before, as long as the key is among the last `size` ones asked for.
 * Who asks while it is being read waits for the same answer. A failure is not remembered.
 */
export function createRecent<Value>(
  size = Number.POSITIVE_INFINITY,
): (key: string, read: () => Promise<Value>) => Promise<Value> {
  // A Map keeps the order in which keys were set: the first is the one that was asked for longest ago.
  const kept = new Map<string, Promise<Value>>();
  return (key, read) => {
    const value = kept.get(key) ?? read();
    kept.delete(key);
    kept.set(key, value);
    value.catch(() => {
      if (kept.get(key) === value) kept.delete(key);
    });
    const [oldest] = kept.keys();
    if (kept.size > size && oldest !== undefined) kept.delete(oldest);
    return value;
  };
}
