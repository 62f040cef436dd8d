import { createMemoryStateStore } from '#adapters/state/memory.ts';
import { stateStoreContract } from './state-store.ts';

stateStoreContract('the memory store', async () => ({ store: createMemoryStateStore() }));
