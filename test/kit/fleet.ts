/** Groups, runners and Jobs with sensible defaults, so that a test states only what it is about. */
import { classifyGroup } from '#core/decide/classify.ts';
import { takersOf, waitingByGroup } from '#core/decide/queue.ts';
import type { Fleet, PercentageRunnersIdle, RunnerGroup } from '#core/model/configuration.ts';
import type {
  GroupObservation,
  Instant,
  Observation,
  Runner,
  RunnerJob,
  SeenGroup,
  WorkspaceObservation,
} from '#core/model/observation.ts';

/** Monday 9 November 2026, 12:00 UTC. */
export const NOON: Instant = 1_794_225_600_000;

/** The parameters of the original guide. */
export const GUIDE: PercentageRunnersIdle = {
  kind: 'percentageRunnersIdle',
  scaleUpThreshold: 0.5,
  scaleDownThreshold: 0.2,
  scaleUpMultiplier: 1.5,
  scaleDownMultiplier: 0.5,
};

/** A workspace group with the guide's parameters. */
export function group(over: Partial<RunnerGroup> = {}): RunnerGroup {
  const name = over.name ?? 'builds';
  return {
    name,
    scope: { workspace: 'acme' },
    labels: ['autoscaler.created', name, 'linux', 'self.hosted'].sort(),
    cluster: 'main',
    namespace: 'runners',
    strategy: GUIDE,
    min: 1,
    max: 10,
    schedules: [],
    stabilisationWindowMs: 0,
    weight: 1,
    coolDownMs: 300_000,
    startTimeoutMs: 600_000,
    drainGraceMs: 45_000,
    maxCreatesPerTick: 50,
    pod: { size: '1x', architecture: 'amd64', nodeSelector: {}, tolerations: [], env: {} },
    ...over,
  };
}

/** A fleet of these groups; every workspace has a cap of 100 unless said otherwise. */
export function fleet(
  groups: readonly RunnerGroup[],
  maxRunners = 100,
  api: 'internal' | 'public' = 'internal',
): Fleet {
  const workspaces = [...new Set(groups.map((entry) => entry.scope.workspace))];
  return {
    groups,
    workspaces: Object.fromEntries(workspaces.map((name) => [name, { maxRunners, api }])),
    clusters: { main: { kind: 'kubeconfig' } },
  };
}

let serial = 0;

/** A runner of the default group: ONLINE, idle, an hour old. */
export function runner(over: Partial<Runner> = {}): Runner {
  serial += 1;
  const status = over.status ?? 'ONLINE';
  return {
    uuid: `{runner-${String(serial).padStart(5, '0')}}`,
    name: 'builds',
    labels: group().labels,
    status,
    statusText: status,
    cordoned: false,
    hasStep: false,
    createdAt: NOON - 3_600_000,
    stateChangedAt: NOON - 3_600_000,
    ...over,
  };
}

/** The Job behind a runner: active, as old as the runner. */
export function jobOf(owner: Runner, over: Partial<RunnerJob> = {}): RunnerJob {
  const runnerUuid = owner.uuid.slice(1, -1);
  return {
    name: `runner-${runnerUuid}`,
    runnerUuid,
    group: 'builds',
    identity: { workspaceUuid: '{acme}' },
    status: 'active',
    createdAt: owner.createdAt,
    ...over,
  };
}

/** What was seen of a group: complete, with a Job behind every runner, and nothing remembered. */
export function groupObservation(over?: Partial<SeenGroup>): SeenGroup;
export function groupObservation(over: Partial<GroupObservation>): GroupObservation;
export function groupObservation(over: Partial<GroupObservation> = {}): GroupObservation {
  const runners = over.runners ?? [];
  return {
    group: group(),
    runners,
    jobs: runners.map((entry) => jobOf(entry)),
    orphanJobs: [],
    memory: { idleSince: {}, drainingSince: {} },
    memoryVersion: 0,
    identity: { workspaceUuid: '{acme}' },
    idleTrusted: true,
    missing: [],
    ...over,
  };
}

/** One look, at noon, with the workspaces' registrations added up from the groups unless given. */
export function observation(
  groups: readonly GroupObservation[],
  workspaces?: readonly WorkspaceObservation[],
): Observation {
  const names = [...new Set(groups.map((entry) => entry.group.scope.workspace))];
  const counted = names.map((workspace) => ({
    workspace,
    maxRunners: 100,
    registrations: groups
      .filter((entry) => entry.group.scope.workspace === workspace)
      .reduce((sum, entry) => sum + entry.runners.length, 0),
  }));
  return { at: NOON, groups, workspaces: workspaces ?? counted, queues: [], scopeMemory: [], notes: [] };
}

/** As many runners of each kind as said; `idle` ones are remembered as idle since `idleForMs` ago by `remembered`. */
export function population(counts: {
  readonly busy?: number;
  readonly idle?: number;
  readonly starting?: number;
  readonly draining?: number;
  readonly dead?: number;
}): readonly Runner[] {
  const make = (count: number | undefined, over: Partial<Runner>) =>
    Array.from({ length: count ?? 0 }, () => runner(over));
  return [
    ...make(counts.busy, { hasStep: true }),
    ...make(counts.idle, {}),
    ...make(counts.starting, { status: 'UNREGISTERED', createdAt: NOON - 30_000, stateChangedAt: NOON - 30_000 }),
    ...make(counts.draining, { status: 'DISABLED', hasStep: true }),
    ...make(counts.dead, { status: 'UNREGISTERED' }),
  ];
}

/** How the waiting steps of a look are shared out to its groups. */
export function waitingIn({ groups, queues = [], at }: Observation): ReadonlyMap<string, number> {
  return waitingByGroup(takersOf(groups.map((entry) => classifyGroup(entry, at))), queues);
}
