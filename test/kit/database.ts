import { DatabaseSync } from 'node:sqlite';

/** Everything that a state database holds, as text. */
export function textOfDatabase(path: string): string {
  using database = new DatabaseSync(path, { readOnly: true });
  const rows = ['leases', 'documents', 'ticks'].map((table) => database.prepare(`SELECT * FROM ${table}`).all());
  // Documents and records are JSON already; they are to be found as they are.
  return rows.flat().flatMap(Object.values).join('\n');
}
