/** A registration in the simulated Bitbucket, and how its API shows one: now, at an earlier moment, in a list. */
import type { Scope } from '#core/model/configuration.ts';
import type { Instant, Runner, RunnerStatus } from '#core/model/observation.ts';
import type { Faults } from './faults.ts';
import type { Step } from './step.ts';

/** Registrations by what they are at; together they are all. `unavailable`: disabled, offline and the like, without a step. */
export type RunnerTotals = {
  readonly busy: number;
  readonly idle: number;
  readonly starting: number;
  readonly unavailable: number;
};

/** All registrations. */
export function registeredIn({ busy, idle, starting, unavailable }: RunnerTotals): number {
  return busy + idle + starting + unavailable;
}

/** A status and since when it holds, by our clock. */
type StatusSince = {
  readonly from: Instant;
  readonly status: RunnerStatus;
  readonly statusText: string;
  /** By Bitbucket's clock. */
  readonly stateChangedAt: Instant;
};

/** A registration as it really is. */
export type Registered = {
  readonly scope: Scope;
  readonly uuid: string;
  readonly name: string;
  /** As they were asked for, sorted. */
  readonly asked: readonly string[];
  /** As Bitbucket has given them, sorted. */
  readonly labels: readonly string[];
  /** By Bitbucket's clock. */
  readonly createdAt: Instant;
  /** How long lists do not show it, in ms from `statuses[0].from`. */
  readonly listLagMs: number;
  /** All that it ever had; the last one holds. */
  readonly statuses: [StatusSince, ...StatusSince[]];
  status: RunnerStatus;
  statusText: string;
  stateChangedAt: Instant;
  /** Whether a process is connected: a disabled runner keeps its connection. */
  connected: boolean;
  /** Whether a process has ever connected. */
  hasConnected: boolean;
  /** Whether it shows a step that died with its node. */
  showsLostStep: boolean;
  step?: Step;
  /** The step that it is about to pick up. */
  next?: Step;
  /** The step before. */
  lastStep?: Step;
  /** How the API showed it last. */
  shown?: Runner;
};

/** A registration that is gone. */
export type Gone = { readonly entry: Registered; readonly at: Instant; readonly listLagMs: number };

/** The runner as it is now. Mostly the same object as before, since most looks show most runners unchanged. */
export function show(entry: Registered, now: Instant, stepLagMs: number): Runner {
  const { uuid, name, labels, createdAt, status, statusText, stateChangedAt, step, shown } = entry;
  const hasStep = entry.showsLostStep || isShown(step, now, stepLagMs);
  // A state that changes is a new time or text.
  const isAsBefore =
    shown?.hasStep === hasStep && shown.stateChangedAt === stateChangedAt && shown.statusText === statusText;
  if (isAsBefore && shown.status === status) return shown;
  entry.shown = { uuid, name, labels, status, statusText, cordoned: false, hasStep, createdAt, stateChangedAt };
  return entry.shown;
}

/** The runner as it was at an earlier moment, or at its beginning. */
function showAsOf(entry: Registered, at: Instant, stepLagMs: number): Runner {
  const { uuid, name, labels, createdAt, statuses, step, lastStep } = entry;
  const { status, statusText, stateChangedAt } = statuses.findLast(({ from }) => from <= at) ?? statuses[0];
  const showsLost = entry.showsLostStep && at >= (lastStep?.endedAt ?? 0);
  const hasStep = showsLost || isShown(step, at, stepLagMs) || isShown(lastStep, at, stepLagMs);
  return { uuid, name, labels, status, statusText, cordoned: false, hasStep, createdAt, stateChangedAt };
}

/** Whether nothing about the registration has changed since, but maybe that it has taken a step. */
function isAsNow({ statuses, lastStep, showsLostStep }: Registered, at: Instant, now: Instant): boolean {
  if (at === now) return true;
  const changedAt = statuses.at(-1)?.from ?? 0;
  return !showsLostStep && changedAt <= at && (lastStep?.endedAt ?? 0) <= at;
}

function isShown(step: Step | undefined, at: Instant, stepLagMs: number): boolean {
  if (step?.startedAt === undefined || at >= (step.endedAt ?? Number.POSITIVE_INFINITY)) return false;
  const since = at - step.startedAt;
  return since >= stepLagMs && !step.hidden?.some(({ from, to }) => from <= since && since < to);
}

/** What a list is made of. */
type Shelf = { readonly present: Iterable<Registered>; readonly gone: readonly Gone[] };

/** The registrations of a scope as a list shows them. */
export function listed({ present, gone }: Shelf, scope: Scope, faults: Faults, now: Instant, stepLagMs: number) {
  const at = now - (faults.listAgeMs?.(scope) ?? 0);
  const isSeen = ({ statuses: [{ from }], listLagMs }: Registered) => from + listLagMs <= at;
  const shown = Array.from(present)
    .filter(isSeen)
    .map((entry) => (isAsNow(entry, at, now) ? show(entry, at, stepLagMs) : showAsOf(entry, at, stepLagMs)));
  const [still, hidden] = partition(gone, (ended) => isSeen(ended.entry) && at < ended.at + ended.listLagMs);
  const asTheyWere = ({ entry, at: end }: Gone) => showAsOf(entry, Math.min(at, end - 1), stepLagMs);
  const list = [...shown, ...still.map(asTheyWere)];
  const last = hidden.at(-1);
  const place = last && faults.slippedPlace?.(shown.length);
  return last === undefined || place === undefined ? list : list.with(place, asTheyWere(last));
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

/** Where a registration stands in the totals. */
export function totalOf({ step, status }: Registered): keyof RunnerTotals {
  if (step !== undefined) return 'busy';
  if (status === 'ONLINE') return 'idle';
  return status === 'UNREGISTERED' || status === 'ENABLED' ? 'starting' : 'unavailable';
}

/** A step runs on runners of its repository or of its workspace that have all its labels. */
export function fits(step: Pick<Step, 'scope' | 'labels'>, { scope, labels }: Pick<Registered, 'scope' | 'labels'>) {
  return (
    step.scope.workspace === scope.workspace &&
    (scope.repository === undefined || scope.repository === step.scope.repository) &&
    step.labels.every((label) => labels.includes(label))
  );
}

/** The scope by names, whether it is given by names or by the uuids that `identify` gives for them. */
export function namedScope(scope: Scope): Scope {
  const { workspace, repository } = scope;
  if (!workspace.startsWith('{') && !repository?.startsWith('{')) return scope;
  const name = workspace.replace(/^\{workspace-(.*)\}$/, '$1');
  if (repository === undefined) return { workspace: name };
  const prefix = `{repository-${name}-`;
  return {
    workspace: name,
    repository: repository.startsWith(prefix) ? repository.slice(prefix.length, -1) : repository,
  };
}
