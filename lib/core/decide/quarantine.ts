/**
 * Quarantine: a group whose runners fail to start waits, twice as long after every failure, and then tries with one.
 * Without it a broken image or an exhausted quota would be asked for, and cleaned up after, on every tick. Pure.
 */
import type { RunnerGroup } from '../model/configuration.ts';
import type {
  FailedStart,
  GroupMemory,
  GroupObservation,
  Instant,
  Interruptions,
  Quarantine,
  Runner,
} from '../model/observation.ts';
import { type Reason, type ReasonCode, reason } from '../reasons.ts';
import { hashOf } from '../select.ts';
import { CLOCK_SKEW_MS } from './age.ts';
import type { ClassifiedRunner } from './classify.ts';

const FIRST_WAIT_MS = 60_000;
/** No group waits longer for its next try, which costs one pod. */
export const LONGEST_QUARANTINE_MS = 600_000;

/** Failed starts that are told one by one. */
const FAILURES_KEPT = 10;

/**
 * Waves of interrupted starts, one soon after the other, that are borne before the next ones count as failed: nodes come and
 * go through nobody's fault, but where every pod is taken away before its runner is online, each look would register others.
 */
const INTERRUPTIONS_BORNE = 3;

/** What was registered so soon after the first of a wave was not registered because that one was interrupted. */
const WAVE_MS = FIRST_WAIT_MS / 2;

/** Starts so far apart are no row: more than a quarantine at its longest, and the start that follows it. */
const ROW_KEPT_MS = 3 * LONGEST_QUARANTINE_MS;

/** Causes of death that are failed starts, and not the end of a runner that has worked. */
export const FAILED_STARTS: readonly ReasonCode[] = ['never-online', 'start-hopeless', 'start-ended'];

/** How many runners may start now, and the reason for holding the others back. */
export function quarantineRoom(
  quarantine: Quarantine | undefined,
  starting: number,
  at: Instant,
): { readonly room: number; readonly explain: (withheld: number) => Reason } | undefined {
  if (quarantine === undefined) return undefined;
  const { failures } = quarantine;
  const waitMs = quarantine.since + waitAfter(failures) - at;
  // Afterwards one runner at a time: the probe that shows whether starting works again.
  const room = waitMs > 0 || starting > 0 ? 0 : 1;
  return { room, explain: (withheld) => reason('quarantine', { failures, waitMs: Math.max(0, waitMs), withheld }) };
}

/**
 * The quarantine after this look. It deepens with a look that finds failed starts which no look before found, unless a
 * runner that was registered with one or later works: then the group can start runners, and that one had bad luck. Starts
 * that were interrupted count too, while it lasts and after some looks in a row that found such. It is over when a runner
 * works that was registered well after the last failure, which only a probe is, or when what starts the runners was changed.
 */
export function nextQuarantine(
  { group, memory }: Pick<GroupObservation, 'group' | 'memory'>,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): Quarantine | undefined {
  const before = isMended(group, memory) ? undefined : memory.quarantine;
  const { looks = 0 } = nextInterruptions({ group, memory }, classified, at) ?? {};
  const isBorne = before === undefined && looks <= INTERRUPTIONS_BORNE;
  const failed = newlyFailed(memory, classified)
    .filter((start) => !isBorne || !start.isInterrupted)
    .map(({ runner, cause }): FailedStart => ({ runner: runner.uuid, at, cause: cause.text }));
  if (failed.length > 0) return extendQuarantine(before, group, failed, at);
  return before === undefined || newestAtWork(classified) >= before.since + FIRST_WAIT_MS / 2 ? undefined : before;
}

/**
 * The waves of interrupted starts after this look, one soon after the other. A runner ends the row that works and was
 * registered as late as the last of them.
 */
export function nextInterruptions(
  { group, memory }: Pick<GroupObservation, 'group' | 'memory'>,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): Interruptions | undefined {
  const before = rowBefore({ group, memory }, at);
  const interrupted = newlyFailed(memory, classified).filter((start) => start.isInterrupted);
  if (interrupted.length > 0) {
    const registered = Math.max(...interrupted.map(({ runner }) => runner.createdAt));
    const isSameWave = before !== undefined && registered - before.registered < WAVE_MS;
    return isSameWave ? before : { looks: (before?.looks ?? 0) + 1, registered };
  }
  return before === undefined || worksSince(classified, before.registered) ? undefined : before;
}

/** The row that this look may go on with: the last of it is not long ago, and nothing that starts runners was changed. */
function rowBefore(
  { group, memory }: Pick<GroupObservation, 'group' | 'memory'>,
  at: Instant,
): Interruptions | undefined {
  const { interruptions } = memory;
  if (interruptions === undefined || isMended(group, memory)) return undefined;
  return at - interruptions.registered < ROW_KEPT_MS ? interruptions : undefined;
}

/** Whether what starts the runners was changed since the last failure. */
function isMended(group: RunnerGroup, { quarantine }: GroupMemory): boolean {
  return quarantine?.settings !== undefined && quarantine.settings !== settingsOf(group);
}

/** One more failure, of one or several starts at once. */
export function extendQuarantine(
  before: Quarantine | undefined,
  group: RunnerGroup,
  failed: readonly FailedStart[],
  at: Instant,
): Quarantine {
  return {
    failures: (before?.failures ?? 0) + 1,
    since: at,
    settings: settingsOf(group),
    failed: [...(before?.failed ?? []), ...failed].slice(-FAILURES_KEPT),
  };
}

/**
 * The failed starts that later looks need not count, whether or not they counted. A list may hide a runner for a while,
 * so one that is no longer seen is remembered for some time.
 */
export function nextFailedStarts(
  { failedStarts = {} }: GroupMemory,
  classified: readonly ClassifiedRunner[],
  at: Instant,
): Readonly<Record<string, Instant>> {
  const kept = Object.entries(failedStarts).filter(([, seenAt]) => at - seenAt < LONGEST_QUARANTINE_MS);
  const failed = classified.flatMap(failureOf);
  return Object.fromEntries([...kept, ...failed.map(({ runner }) => [runner.uuid, at])]);
}

/** Whether a runner works that was registered no earlier than this, by as much as clocks may differ. */
export function worksSince(classified: readonly ClassifiedRunner[], registered: Instant): boolean {
  return newestAtWork(classified) >= registered - CLOCK_SKEW_MS;
}

function newestAtWork(classified: readonly ClassifiedRunner[]): Instant {
  return classified
    .filter(({ class: name }) => name === 'busy' || name === 'idle')
    .reduce((newest, { runner }) => Math.max(newest, runner.createdAt), Number.NEGATIVE_INFINITY);
}

/** A start that came to nothing. */
type Failure = { readonly runner: Runner; readonly cause: Reason; readonly isInterrupted: boolean };

/** Those that no look before found, and beside which no runner works that was registered as late. */
function newlyFailed({ failedStarts = {} }: GroupMemory, classified: readonly ClassifiedRunner[]): readonly Failure[] {
  return classified
    .flatMap(failureOf)
    .filter(({ runner }) => failedStarts[runner.uuid] === undefined && !worksSince(classified, runner.createdAt));
}

function failureOf(entry: ClassifiedRunner): readonly Failure[] {
  const { runner, job, leaving } = entry;
  // Its pod was made with other settings than those of today.
  if (job?.away !== undefined) return [];
  if (leaving !== undefined && runner.status === 'UNREGISTERED') {
    return [{ runner, cause: reason('pod-leaving', { why: leaving.why }), isInterrupted: true }];
  }
  if (entry.class !== 'dead') return [];
  const { cause } = entry;
  const isInterrupted = cause.code === 'start-interrupted';
  return isInterrupted || FAILED_STARTS.includes(cause.code) ? [{ runner, cause, isInterrupted }] : [];
}

/** Stands for all that starts a runner of the group: another template, image, namespace or cluster may mend it. */
function settingsOf({ cluster, namespace, pod }: RunnerGroup): number {
  return hashOf(JSON.stringify([cluster, namespace, pod]));
}

/** One minute after the first failure, two after the second, four …, ten at most. */
function waitAfter(failures: number): number {
  return Math.min(LONGEST_QUARANTINE_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
}
