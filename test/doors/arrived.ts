import { vi } from 'vitest';
import type { LoopbackBitbucket } from '#kit/loopback-bitbucket.ts';

/** Long enough for a machine that has everything else to do. */
const PATIENCE_MS = 590_000;

/** Resolves when Bitbucket has been asked so many times. */
export async function arrived({ requests }: LoopbackBitbucket, count: number): Promise<void> {
  await vi.waitUntil(() => requests.length >= count, { timeout: PATIENCE_MS, interval: 5 });
}
