/**
 * A process of its own that adds to a counter in a state file: `node file-state-worker.ts PATH TIMES`. It repeats on
 * conflict, as optimistic locking asks for.
 */
import { createFileStateStore } from '#adapters/state/file.ts';

const [path = '', times = '0'] = process.argv.slice(2);
const store = createFileStateStore(path, { waiting: { pauseMs: 1, attempts: 10_000 } });

for (let done = 0; done < Number(times); ) {
  const document = (await store.load(['counter'])).get('counter');
  const value = Number(document?.value ?? 0) + 1;
  const conflicts = await store.save([{ key: 'counter', expectedVersion: document?.version ?? 0, value }], 0);
  if (conflicts.length === 0) done += 1;
}
