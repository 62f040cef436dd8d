/** Remembers what was read for a key, for the keys that were asked for last. */
import type { Instant } from '#core/model/observation.ts';

/** For how long it is remembered from when it was asked for, by which clock; absent: for as long as there is room. */
type Lasting = { readonly forMs: number; readonly now: () => Instant };

/**
 * A function that gives what `read` gave for the key before, as long as the key is among the last `size` ones asked for.
 * Who asks while it is being read waits for the same answer. A failure is not remembered.
 */
export function createRecent<Value>(
  size = Number.POSITIVE_INFINITY,
  { forMs, now }: Lasting = { forMs: Number.POSITIVE_INFINITY, now: () => 0 },
): (key: string, read: () => Promise<Value>) => Promise<Value> {
  // A Map keeps the order in which keys were set: the first is the one that was asked for longest ago.
  const kept = new Map<string, { readonly value: Promise<Value>; readonly readAt: Instant }>();
  return (key, read) => {
    const before = kept.get(key);
    const one = before !== undefined && now() - before.readAt < forMs ? before : { value: read(), readAt: now() };
    kept.delete(key);
    kept.set(key, one);
    one.value.catch(() => {
      if (kept.get(key) === one) kept.delete(key);
    });
    const [oldest] = kept.keys();
    if (kept.size > size && oldest !== undefined) kept.delete(oldest);
    return one.value;
  };
}
