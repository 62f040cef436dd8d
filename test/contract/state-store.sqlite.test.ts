import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { createSqliteStateStore } from '#adapters/state/sqlite.ts';
import { stateStoreContract } from './state-store.ts';

let directory: string;

afterEach(() => rm(directory, { recursive: true }));

stateStoreContract('the SQLite store', async () => {
  directory = await mkdtemp(join(tmpdir(), 'state-'));
  const open = () => createSqliteStateStore(join(directory, 'state.sqlite'));
  return { store: open(), again: open };
});
