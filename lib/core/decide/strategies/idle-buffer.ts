/**
 * Idle runners in proportion to the busy ones. While every runner is busy nobody knows how much waits, so the group
 * doubles until somebody is idle again; runners that start count towards it, so that it doubles once per start-up.
 */
import * as z from 'zod';
import { type Finding, type Path, problem, warning } from '#yaml/finding.ts';
import { duration } from '../../quantities.ts';
import { MINUTE_MS } from '../../time.ts';
import { ARRIVALS_COUNT_FOR_MS, type Outlook } from '../experience.ts';
import { atLeast, reasonsIn, type Stay, type Strategy, type Wish, type WrittenGroup } from './strategy.ts';

/** How many runners to keep idle. */
export type Buffer = {
  /** The fewest runners to keep idle. */
  readonly idleCount: number;
  /** Idle runners to keep per busy one, ≥ 0. */
  readonly scaleFactor: number;
  /** The most runners to keep idle, ≥ `idleCount`. */
  readonly scaleFactorLimit: number;
  /** Present where the file names no `scaleFactor`: the buffer follows what comes, and `scaleFactor` means nothing. */
  readonly learned?: true;
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
  scaleFactor: z.number().min(0).optional().meta({
    description: 'idleBuffer, queueAware: idle runners to keep per busy one; default: learned from what comes.',
  }),
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
  'learned-buffer': (v: { busy: number; buffer: number; arrivals: number; startUpMs: number; wanted: number }) =>
    `${v.busy} busy and a buffer of ${v.buffer} make ${v.wanted}: ${v.arrivals} steps began in the last hour, and a start takes ${duration(v.startUpMs)}`,
  saturated: (v: { busy: number; wanted: number }) =>
    `all ${v.busy} online are busy and nobody knows how much waits, so ${v.wanted} are wanted`,
};

const because = reasonsIn(words);

/** The buffer as a strategy. */
export const idleBuffer: Strategy<IdleBuffer, typeof words> = {
  kind: 'idleBuffer',
  parameters: BUFFER_PARAMETERS,
  groupKeys: [],
  check: checkBuffer,
  settings: (written) => ({ kind: 'idleBuffer', ...bufferIn(written) }),
  stay: stayOfBuffer,
  keepsAwake: keepsOneIdle,
  wish: wishOfBuffer,
  words,
};

/** What the buffer asks for: the busy runners, and as many idle ones as the buffer holds for them. */
export function wishOfBuffer(buffer: Buffer, counts: Outlook, min: number): Wish {
  const { busy, doubtful = 0 } = counts;
  const idle = bufferFor(buffer, counts);
  const buffered = busy + idle;
  const taken = busy + doubtful;
  const grown = taken + (buffer.learned ? Math.max(idle, Math.min(taken, MOST_GROWTH)) : taken);
  // Where most have just ended a step, it is rather a burst that ends.
  const wish: Wish =
    isSaturated(counts) && doubtful <= busy && grown > buffered
      ? { working: grown, because: because('saturated', { busy: taken, wanted: grown }) }
      : { working: buffered, because: buffer.learned ? learnedFrom(counts, idle) : becauseOfBuffer(busy, idle) };
  return atLeast(min, counts, wish);
}

function becauseOfBuffer(busy: number, buffer: number) {
  return because('idle-buffer', { busy, buffer, wanted: busy + buffer });
}

function learnedFrom({ busy, arrivals = 0, startUpMs = UNKNOWN_START_UP_MS }: Outlook, buffer: number) {
  return because('learned-buffer', { busy, buffer, arrivals, startUpMs, wanted: busy + buffer });
}

/** A learned buffer adds no more than this at once while all are busy, unless it is larger itself. */
const MOST_GROWTH = 8;

/** A start that nobody has seen takes about so long. */
const UNKNOWN_START_UP_MS = 90_000;

/** The number of runners to keep idle beside so many busy ones. */
export function bufferFor({ idleCount, scaleFactor, scaleFactorLimit, learned }: Buffer, counts: Outlook): number {
  const wanted = learned ? learnedBuffer(counts) : Math.ceil(scaleFactor * counts.busy);
  return Math.min(scaleFactorLimit, Math.max(idleCount, wanted));
}

/** The steps that come while a runner starts and until a tick looks, and the square root of them: how much they vary. */
function learnedBuffer({ arrivals = 0, startUpMs = UNKNOWN_START_UP_MS }: Outlook): number {
  const meanwhile = (arrivals * (startUpMs + MINUTE_MS)) / ARRIVALS_COUNT_FOR_MS;
  return Math.ceil(meanwhile + Math.sqrt(meanwhile));
}

/** Whether every runner that is online works or may do so, so that the next step waits. */
export function isSaturated({ busy, idle, doubtful = 0 }: Outlook): boolean {
  return busy + doubtful > 0 && idle <= doubtful;
}

/** Whether less than half of the buffer is idle for sure while others work: the moment to ask how many steps wait. */
export function runsLow(buffer: Buffer, counts: Outlook): boolean {
  const { busy, idle, doubtful = 0 } = counts;
  return busy + doubtful > 0 && (idle - doubtful) * 2 < Math.max(1, bufferFor(buffer, counts));
}

/** One idle runner, so that a step need not wait for a start-up; no more for more load unless asked for. */
export function bufferIn({ parameters, most }: Pick<WrittenGroup, 'parameters' | 'most'>): Buffer {
  const { idleCount = 1, scaleFactor = 0, scaleFactorLimit = most } = Written.parse(parameters);
  const learned = parameters.scaleFactor === undefined;
  return { idleCount, scaleFactor, scaleFactorLimit, ...(learned && { learned }) };
}

/** What a learned buffer holds is enough for what comes, so that the rest need not stay for it. */
export function stayOfBuffer({ learned }: Buffer): Stay {
  const forMs = learned ? 2 * MINUTE_MS : 5 * MINUTE_MS;
  return { coolDownMs: forMs, stabilisationWindowMs: forMs };
}

/** Whether the buffer keeps a runner also where `min` is 0. */
export function keepsOneIdle(parameters: WrittenGroup['parameters']): boolean {
  return bufferIn({ parameters, most: 0 }).idleCount > 0;
}

/** What is wrong or doubtful about a buffer. */
export function checkBuffer(path: Path, written: WrittenGroup): readonly Finding[] {
  const { most } = written;
  const { idleCount, scaleFactorLimit } = bufferIn(written);
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
  } else if (written.parameters.scaleFactor === 0) {
    findings.push(warning(limit, 'has no effect with scaleFactor 0; raise or remove that, or remove this'));
  } else if (isAboveMax(scaleFactorLimit)) {
    const message = `is ${scaleFactorLimit}, which is more than max (${most}), so it limits nothing; lower it, or raise max`;
    findings.push(warning(limit, message));
  }
  return findings;
}
