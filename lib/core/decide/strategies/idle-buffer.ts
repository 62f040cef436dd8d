/**
 * Idle runners in proportion to the busy ones. While every runner is busy nobody knows how much waits, so the group
 * doubles until somebody is idle again; runners that start count towards it, so that it doubles once per start-up.
 */
import * as z from 'zod';
import { type Finding, type Path, problem, warning } from '#yaml/finding.ts';
import type { Counts } from '../../model/decision.ts';
import { atLeast, reasonsIn, type Strategy, type Wish, type WrittenGroup } from './strategy.ts';

/** How many runners to keep idle. */
export type Buffer = {
  /** The fewest runners to keep idle. */
  readonly idleCount: number;
  /** Idle runners to keep per busy one, ≥ 0. */
  readonly scaleFactor: number;
  /** The most runners to keep idle, ≥ `idleCount`. */
  readonly scaleFactorLimit: number;
};

/** Idle runners in proportion to the busy ones, within limits; doubles while everybody is busy and nobody starts. */
export type IdleBuffer = Buffer & { readonly kind: 'idleBuffer' };

/** The parameters of a buffer. */
export const BUFFER_PARAMETERS = {
  idleCount: z
    .int()
    .min(0)
    .optional()
    .meta({ description: 'idleBuffer, queueAware: the fewest runners to keep idle; default: 1.' }),
  scaleFactor: z
    .number()
    .min(0)
    .optional()
    .meta({ description: 'idleBuffer, queueAware: idle runners to keep per busy one; default: 0.' }),
  scaleFactorLimit: z
    .int()
    .min(0)
    .optional()
    .meta({ description: 'idleBuffer, queueAware: the most runners to keep idle; default: max.' }),
};

const Written = z.object({ ...BUFFER_PARAMETERS });

const words = {
  'idle-buffer': (v: { busy: number; buffer: number; wanted: number }) =>
    `${v.busy} busy and a buffer of ${v.buffer} make ${v.wanted}`,
  saturated: (v: { busy: number; wanted: number }) =>
    `all ${v.busy} online are busy and nobody knows how much waits, so ${v.wanted} are wanted`,
};

const because = reasonsIn(words);

/** The buffer as a strategy. */
export const idleBuffer: Strategy<IdleBuffer, typeof words> = {
  kind: 'idleBuffer',
  parameters: BUFFER_PARAMETERS,
  groupKeys: [],
  stabilisationWindowMs: 300_000,
  check: checkBuffer,
  settings: (written) => ({ kind: 'idleBuffer', ...bufferIn(written) }),
  keepsAwake: keepsOneIdle,
  queue: () => undefined,
  wish: wishOfBuffer,
  words,
};

/** What the buffer asks for: the busy runners, and as many idle ones as the buffer holds for them. */
export function wishOfBuffer(buffer: Buffer, counts: Counts, min: number): Wish {
  const { busy } = counts;
  const idle = bufferFor(buffer, busy);
  const buffered = busy + idle;
  const doubled = 2 * busy;
  const wish: Wish =
    isSaturated(counts) && doubled > buffered
      ? { working: doubled, because: because('saturated', { busy, wanted: doubled }) }
      : { working: buffered, because: because('idle-buffer', { busy, buffer: idle, wanted: buffered }) };
  return atLeast(min, counts, wish);
}

/** The number of runners to keep idle beside so many busy ones. */
export function bufferFor({ idleCount, scaleFactor, scaleFactorLimit }: Buffer, busy: number): number {
  return Math.min(scaleFactorLimit, Math.max(idleCount, Math.ceil(scaleFactor * busy)));
}

/** Whether every runner that is online works, so that the next step waits: the moment to ask how many do. */
export function isSaturated({ busy, idle }: Counts): boolean {
  return busy > 0 && idle === 0;
}

/** One idle runner, so that a step need not wait for a start-up; no more for more load unless asked for. */
export function bufferIn({ parameters, most }: Pick<WrittenGroup, 'parameters' | 'most'>): Buffer {
  const { idleCount = 1, scaleFactor = 0, scaleFactorLimit = most } = Written.parse(parameters);
  return { idleCount, scaleFactor, scaleFactorLimit };
}

/** Whether the buffer keeps a runner also where `min` is 0. */
export function keepsOneIdle(parameters: WrittenGroup['parameters']): boolean {
  return bufferIn({ parameters, most: 0 }).idleCount > 0;
}

/** What is wrong or doubtful about a buffer. */
export function checkBuffer(path: Path, written: WrittenGroup): readonly Finding[] {
  const { most } = written;
  const { idleCount, scaleFactor, scaleFactorLimit } = bufferIn(written);
  const findings: Finding[] = [];
  if (written.parameters.min === 0 && idleCount === 0 && written.group.wake === undefined) {
    const message =
      'with 0, and idleCount 0, the group never starts by itself: a step that finds no online runner fails at once; use at least 1 for one of them';
    findings.push(warning([...path, 'min'], message));
  }
  // Where no max is valid, that is the problem to tell.
  const isAboveMax = (count: number) => most > 0 && count > most;
  if (isAboveMax(idleCount)) {
    const message = `is ${idleCount}, which is more than max (${most}), so the group always has ${most}; lower it, or raise max`;
    findings.push(warning([...path, 'idleCount'], message));
  }
  if (written.parameters.scaleFactorLimit === undefined) return findings;
  const limit = [...path, 'scaleFactorLimit'];
  if (scaleFactorLimit < idleCount) {
    const message = `is ${scaleFactorLimit}, which is less than idleCount (${idleCount}); raise it, or lower idleCount`;
    findings.push(problem(limit, message));
  } else if (scaleFactor === 0) {
    findings.push(warning(limit, 'has no effect without a scaleFactor; give one, or remove it'));
  } else if (isAboveMax(scaleFactorLimit)) {
    const message = `is ${scaleFactorLimit}, which is more than max (${most}), so it limits nothing; lower it, or raise max`;
    findings.push(warning(limit, message));
  }
  return findings;
}
