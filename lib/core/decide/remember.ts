/** What a look adds to a group's memory. A runner that shows a step, or is gone, starts from nothing. */
import { hadJob, isAddThatRan, nextInventory, seatsOf } from '../inventory.ts';
import { isEmpty } from '../memory.ts';
import type { Drain, GroupMemory, Instant, Runner, SeenGroup } from '../model/observation.ts';
import { namespaceKey } from '../scope.ts';
import { bracedUuid } from '../uuid.ts';
import { type ClassifiedRunner, isJustOut, isOutOfService } from './classify.ts';
import { isOver } from './clean-up.ts';
import type { SeenDecision } from './decide.ts';
import { nextExperience } from './experience.ts';
import { nextFailedStarts, nextInterruptions, nextQuarantine } from './quarantine.ts';
import { nextStartUps } from './start-up.ts';

/** What this tick decided, as far as the next ones have to know. */
export type Decided = Pick<SeenDecision, 'creates' | 'enable' | 'retire' | 'recentTargets' | 'waits'>;

/**
 * The memory after this look. A runner counts as out of service from the first look that sees it so (`readBy`): disabling may
 * fail, or take effect late, and a list may wait, and until then the runner may take a step that does not show yet.
 */
export function remember(
  observation: SeenGroup,
  classified: readonly ClassifiedRunner[],
  { enable, retire, recentTargets, creates, waits }: Decided,
  at: Instant,
  readBy: Instant = at,
): GroupMemory {
  const { memory } = observation;
  const idle = classified.filter((entry) => entry.class === 'idle').map(({ runner }) => runner);
  const over = classified.flatMap((entry) => (isOver(entry) && !enable.includes(entry.runner) ? [entry.runner] : []));
  const finishing = classified.filter((entry) => (entry.contested || isOutOfService(entry.runner)) && !isOver(entry));
  const isKnownToHaveRun = (runner: Runner) => hadJob(memory, runner.uuid) || isAddThatRan(memory, runner);
  // `awayJobs` tells of Jobs elsewhere; a version that does not know it must not take them for gone.
  const jobless = classified.filter(
    ({ runner, job }) => (job === undefined || job.away !== undefined) && !isKnownToHaveRun(runner),
  );
  const besides = {
    finishing: since(
      finishing.map(({ runner }) => runner),
      memory.finishing,
      readBy,
    ),
    endedJobs: endedAtWork(classified, memory),
    drains: nextDrains(memory.drains, classified, { enable, retire }, at),
    quarantine: nextQuarantine(observation, classified, at),
    failedStarts: nextFailedStarts(memory, classified, at),
    interruptions: nextInterruptions(observation, classified, at),
    startUps: nextStartUps(memory.startUps, classified),
    waits,
    recentTargets,
    ...nextInventory(memory, seatsOf(observation), creates, at),
    jobless: jobless.map(({ runner }) => runner.uuid),
    awayJobs: awayJobs(observation, classified),
    worked: workedIn(observation),
  };
  return {
    idleSince: since(idle, memory.idleSince, at),
    drainingSince: since(over, memory.drainingSince, readBy),
    ...nextExperience(memory, classified, at),
    ...Object.fromEntries(Object.entries(besides).filter(([, value]) => value !== undefined && !isEmpty(value))),
  };
}

/** Where Jobs of other namespaces are, or were last seen, also those whose runner is not listed yet. */
function awayJobs(
  { orphanJobs, memory: { awayJobs: before = {} } }: SeenGroup,
  classified: readonly ClassifiedRunner[],
): NonNullable<GroupMemory['awayJobs']> {
  const away = classified.flatMap(({ runner: { uuid }, job }): readonly [string, string][] => {
    const where = job === undefined ? before[uuid] : job.away && namespaceKey(job.away);
    return where === undefined ? [] : [[uuid, where]];
  });
  const orphans = orphanJobs.flatMap(({ runnerUuid, away }): readonly [string, string][] =>
    away === undefined ? [] : [[bracedUuid(runnerUuid), namespaceKey(away)]],
  );
  return Object.fromEntries([...away, ...orphans]);
}

/** Which runners showed a step when their Job was seen to have ended: that it is not listed later says nothing else. */
// Stryker disable next-line ArrayDeclaration: no runner is called that.
function endedAtWork(classified: readonly ClassifiedRunner[], { endedJobs = [] }: GroupMemory): readonly string[] {
  const isEnded = ({ runner, job }: ClassifiedRunner) => runner.hasStep && job !== undefined && job.status !== 'active';
  return classified
    .filter((entry) => isEnded(entry) || endedJobs.includes(entry.runner.uuid))
    .map(({ runner }) => runner.uuid);
}

/** Which runners have had a step, where each takes only one. */
// Stryker disable next-line ArrayDeclaration: no runner is called that.
function workedIn({ group, runners, memory: { worked = [] } }: SeenGroup): readonly string[] {
  const isUsed = ({ uuid, hasStep }: Runner) => hasStep || worked.includes(uuid);
  return group.recycle?.afterSteps === undefined ? [] : runners.filter(isUsed).map(({ uuid }) => uuid);
}

/** What is remembered of runners that were taken out of service here, as long as they are registered. */
function nextDrains(
  before: GroupMemory['drains'] = {},
  classified: readonly ClassifiedRunner[],
  { enable, retire }: Pick<Decided, 'enable' | 'retire'>,
  at: Instant,
): Readonly<Record<string, Drain>> {
  const causes = new Map(retire.map(({ runner, reason }) => [runner.uuid, reason.code]));
  const drains = classified.flatMap(({ runner }): readonly [string, Drain][] => {
    const known = before[runner.uuid];
    const cause = causes.get(runner.uuid);
    // One that is known and has to go again was put back, or the list did not show what was done.
    if (cause !== undefined) return [[runner.uuid, { cause, at, ...(known && { confirm: true }) }]];
    if (known === undefined) return [];
    if (enable.includes(runner)) return [[runner.uuid, { ...known, enabledAt: at, confirm: true }]];
    if (isOutOfService(runner) || known.enabledAt !== undefined) return [[runner.uuid, known]];
    return isJustOut(known, at) ? [[runner.uuid, { ...known, confirm: true }]] : [];
  });
  return Object.fromEntries(drains);
}

type Times = Readonly<Record<string, Instant>>;

function since(runners: readonly Runner[], before: Times = {}, at: Instant): Times {
  return Object.fromEntries(runners.map(({ uuid }) => [uuid, before[uuid] ?? at]));
}
