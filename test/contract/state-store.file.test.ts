import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { createFileStateStore } from '#adapters/state/file.ts';
import { stateStoreContract } from './state-store.ts';

let directory: string;

afterEach(() => rm(directory, { recursive: true }));

stateStoreContract('the file store', async () => {
  directory = await mkdtemp(join(tmpdir(), 'state-'));
  const open = () => createFileStateStore(join(directory, 'state.json'), { waiting: { pauseMs: 1, attempts: 5_000 } });
  return { store: open(), again: open };
});
