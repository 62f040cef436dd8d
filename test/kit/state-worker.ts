/**
 * A process of its own that adds to a counter in a database: `node state-worker.ts PATH TIMES`. It repeats on conflict, as
 * optimistic locking asks for, and prints the message of what fails.
 */
import { createSqliteStateStore } from '#adapters/state/sqlite.ts';

const [path = '', times = '0', formerFile] = process.argv.slice(2);
const store = createSqliteStateStore(path, formerFile === undefined ? {} : { formerFile });

try {
  for (let done = 0; done < Number(times); ) {
    const document = (await store.load(['counter'])).get('counter');
    const value = Number(document?.value ?? 0) + 1;
    const conflicts = await store.save([{ key: 'counter', expectedVersion: document?.version ?? 0, value }], 0);
    if (conflicts.length === 0) done += 1;
  }
} catch (error) {
  process.stdout.write(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
