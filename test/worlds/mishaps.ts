/** What goes wrong in a random world, drawn from its seed as its settings say. */
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { HOUR_MS, MINUTE_MS } from '#core/time.ts';
import type { Faults, Span } from '#tools/simulator/faults.ts';
import { type Mishap, type PortCall, SERVICES } from '#tools/simulator/interrupt.ts';
import type { Random } from '#tools/simulator/random.ts';
import type { Step } from '#tools/simulator/step.ts';
import type { World } from '#tools/simulator/world.ts';
import type { Outage, Window, WorldSetting } from './draw-world.ts';
import { ownLabel } from './fleets.ts';

/** What the faults of a world go by besides its settings. */
export type Stage = {
  readonly world: World;
  readonly start: Instant;
  readonly random: Random;
  /** When the present tick began. */
  readonly tickAt: () => Instant;
};

/** The faults of this world while they last. */
export function faultsOf(setting: WorldSetting, stage: Stage): Faults {
  const { random, world, start } = stage;
  const lagMs = setting.listLagSeconds * 1000;
  const ageMs = setting.listAgeSeconds * 1000;
  return {
    listLagMs: () => (setting.lagIsFixed ? lagMs : random.between(0, lagMs)),
    listAgeMs: () => random.between(0, ageMs),
    slippedPlace: (length) =>
      length > 0 && random.next() < setting.slippingLists ? random.between(0, length - 1) : undefined,
    labelsGiven: (asked) => {
      if (setting.labels === 'kept') return asked;
      return setting.labels === 'one-more' ? [...asked, 'linux.amd64'] : asked.filter((label) => label !== 'linux');
    },
    stepHidden: (step) => hiddenSpans(step, setting, random),
    isNotFound: ({ workspace, repository }) =>
      workspace === 'acme' &&
      repository === 'site' &&
      setting.vanished.some(({ from, to = Infinity }) => isWithin({ from, to }, world.now - start)),
    mishap: (call) => mishapOf(call, setting, stage),
  };
}

/** The faults of this world that stay when the others are over: what is deleted does not come back. */
export function lastingFaultsOf({ vanished }: WorldSetting): Faults {
  const isDeleted = vanished.some(({ to }) => to === undefined);
  return isDeleted ? { isNotFound: ({ workspace, repository }) => workspace === 'acme' && repository === 'site' } : {};
}

function hiddenSpans(step: Step, setting: WorldSetting, random: Random): readonly Span[] {
  const { markLateSeconds, markGapSeconds, marksOnce } = setting;
  if (marksOnce && step.id > 1) return [{ from: 0, to: Infinity }];
  const late = { from: 0, to: random.between(0, markLateSeconds * 1000) };
  const from = late.to + random.between(60_000, 600_000);
  return [late, { from, to: from + random.between(0, markGapSeconds * 1000) }];
}

const WITHOUT_ANSWER = ['disable', 'enable', 'remove', 'deleteJob', 'protectPod'];
const CHANGING = [...WITHOUT_ANSWER, 'register', 'createJob', 'createSecret', 'save'];

function mishapOf(call: PortCall, setting: WorldSetting, { world, start, random, tickAt }: Stage): Mishap | undefined {
  const { refusedCalls, unansweredCalls, effectLateSeconds, slowTickSeconds, outages } = setting;
  const outage = outages.find((entry) => isWithin(entry, world.now - start) && concerns(entry.service, call));
  if (outage !== undefined) return { kind: 'refused', status: outage.service === 'credential' ? 401 : 503 };
  const effectAfterMs = random.between(0, effectLateSeconds * 1000);
  const chance = random.next();
  if (chance < refusedCalls) return { kind: 'refused', status: 503 };
  if (chance < refusedCalls + unansweredCalls) {
    // Of reads there is nothing but the answer.
    const happens = CHANGING.includes(call.method) && random.next() < 0.7;
    return happens ? { kind: 'unanswered', effectAfterMs } : { kind: 'unanswered' };
  }
  if (effectAfterMs > 0 && WITHOUT_ANSWER.includes(call.method) && random.next() < 0.5) {
    return { kind: 'deferred', effectAfterMs };
  }
  if (slowTickSeconds > 0 && random.next() < 0.2) {
    return { kind: 'slow', until: tickAt() + random.between(0, slowTickSeconds * 1000) };
  }
  return undefined;
}

function concerns(outage: Outage, { port, method }: PortCall): boolean {
  if (outage === 'removals') return port === 'runners' && method === 'remove';
  return SERVICES[port] === (outage === 'credential' ? 'bitbucket' : outage);
}

/** Whether this time since the beginning, in ms, is in the window, which is in minutes. */
export function isWithin({ from, to }: Window, sinceMs: number): boolean {
  return from * MINUTE_MS <= sinceMs && sinceMs < to * MINUTE_MS;
}

/** What happens to nodes and pods between two looks that are so far apart. */
export function disturbCluster({ world, random }: Stage, setting: WorldSetting, spanMs: number): void {
  const happens = (perHour: number) => random.next() < (perHour * spanMs) / HOUR_MS;
  const victim = (isFit: (runner: { readonly step?: Step | undefined; readonly connected: boolean }) => boolean) => {
    const candidates = Array.from(world.bitbucket.registered).filter(isFit);
    return candidates[random.between(0, Math.max(0, candidates.length - 1))];
  };
  if (happens(setting.lostNodesPerHour)) {
    const lost = victim(({ connected, step }) => connected && step !== undefined);
    if (lost !== undefined) world.cluster.fail(lost.uuid, 'lost');
  }
  if (happens(setting.unnoticedFailuresPerHour)) {
    const failed = victim(({ connected, step }) => connected && step === undefined);
    if (failed !== undefined) world.cluster.fail(failed.uuid, 'unnoticed');
  }
  // Nothing is drawn where nothing is reclaimed, so that other worlds stay what they were.
  if (setting.reclaimedPodsPerHour > 0 && happens(setting.reclaimedPodsPerHour)) {
    const reclaimed = victim(() => true);
    if (reclaimed !== undefined) world.cluster.reclaim(reclaimed.uuid, NOTICE_MS);
  }
}

/** What a spot node says before it goes. */
export const NOTICE_MS = 2 * MINUTE_MS;

/** Has steps come to the groups that there are at their time, until the end. */
export function scheduleLoad(
  { world, start, random }: Stage,
  { stepsPerHour, meanStepMinutes }: WorldSetting,
  end: Instant,
  groups: () => readonly RunnerGroup[],
): void {
  const gapMs = HOUR_MS / stepsPerHour;
  for (let at = start + random.exponential(gapMs); at < end; at += random.exponential(gapMs)) {
    const which = random.next();
    const durationMs = Math.min(LONGEST_STEP_MS, 20_000 + random.exponential(meanStepMinutes * MINUTE_MS));
    world.clock.schedule(at, () => {
      const present = groups();
      const group = present[Math.floor(which * present.length)];
      if (group === undefined) return;
      const { workspace, repository = 'site' } = group.scope;
      world.steps.push(
        world.bitbucket.submit({ scope: { workspace, repository }, labels: [ownLabel(group)], durationMs }),
      );
    });
  }
}

/** Has more steps come to each of these groups than it may have runners, from now until the end. */
export function scheduleContest({ world, random }: Stage, groups: readonly RunnerGroup[], end: Instant): void {
  for (let at = world.now; at < end; at += MINUTE_MS) {
    for (const group of groups) {
      const { workspace, repository = 'site' } = group.scope;
      const request = { scope: { workspace, repository }, labels: [ownLabel(group)] };
      world.submit({ ...request, durationMs: random.between(MINUTE_MS, LONGEST_STEP_MS) }, at);
    }
  }
}

/** No step runs longer than this. */
export const LONGEST_STEP_MS = 25 * MINUTE_MS;
