/**
 * What a tick does for pipelines that wake groups, besides scaling: it looks up which repositories the names in
 * `wake.from` mean, writes down how many runners a group has, and settles floors (floors.ts). Whoever answers pipelines
 * then needs nobody but the state store.
 */
import { BudgetError, ServiceError, sentenceOf } from '../errors.ts';
import { isSame, parseWakeNote, type WakeNote, wakeMemoryKey, wakeNoteKey } from '../memory.ts';
import type { RunnerGroup, Scope } from '../model/configuration.ts';
import type { GroupObservation, Instant, Observation } from '../model/observation.ts';
import type { GroupReport, Report } from '../model/report.ts';
import type { Ports } from '../ports.ts';
import { isLimit } from '../reasons.ts';
import { wasSeen } from '../report.ts';
import { scopeKey } from '../scope.ts';
import { DAY_MS, MINUTE_MS } from '../time.ts';
import { isUuid } from '../uuid.ts';
import { settleFloors } from './floors.ts';
import { takeUpLooks } from './look.ts';
import { isWakeable, reached, type Wakeable } from './wakeable.ts';

/** Another repository may have the name by then. */
const LOOKED_UP_FOR_MS = DAY_MS;

/** What the tick came to. */
type Seen = { readonly observation: Observation; readonly report: Report };

/** Writes down what there is to tell when the tick has ended; gives what went wrong. */
export type LeaveNotes = (seen: Seen) => Promise<readonly string[]>;

/** Before the tick looks: takes up looks that were asked for. Where memory cannot be read, the look says so. */
export async function beginNotes(groups: readonly RunnerGroup[], ports: Ports, now: Instant): Promise<LeaveNotes> {
  const wakeable = groups.filter(isWakeable);
  if (wakeable.length === 0) return async () => [];
  const workspaces = [...new Set(wakeable.map(({ scope }) => scope.workspace))];
  await takeUpLooks(ports.state, workspaces, now).catch(() => undefined);
  return async (seen) => {
    try {
      return await leaveNotes(wakeable, seen, ports, now);
    } catch (error) {
      return [`What pipelines are to be told could not be saved: ${sentenceOf(error)}`];
    }
  };
}

async function leaveNotes(groups: readonly Wakeable[], seen: Seen, ports: Ports, now: Instant) {
  const keys = groups.flatMap(({ name }) => [wakeNoteKey(name), wakeMemoryKey(name)]);
  const documents = await ports.state.load(keys);
  const left = await Promise.all(
    groups.map(async (group) => {
      const [note, asks] = [documents.get(wakeNoteKey(group.name)), documents.get(wakeMemoryKey(group.name))];
      const told = await noteOf(group, parseWakeNote(note?.value), seen, ports, now);
      const kept = await settleFloors(group, asks, told.counts, ports, now);
      const change = { key: wakeNoteKey(group.name), expectedVersion: note?.version ?? 0, value: told.note };
      return { changes: [...(told.isNew ? [change] : []), ...kept], problems: told.problems };
    }),
  );
  const changes = left.flatMap((one) => one.changes);
  const unsaved = await ports.state.save(changes, now);
  const failures = unsaved.flatMap(({ failure }) => failure ?? []);
  return [...new Set([...left.flatMap(({ problems }) => problems), ...failures])];
}

async function noteOf(group: Wakeable, before: WakeNote, { observation, report }: Seen, ports: Ports, now: Instant) {
  const looked = await Promise.all(group.wake.from.map((from) => lookUp(from, group, before, ports, now)));
  const entry = observation.groups.find((one) => one.group.name === group.name);
  const told = report.groups.find(({ name }) => name === group.name);
  const counts = countsIn(told, entry);
  const { min = 0, woken } = entry?.group ?? {};
  // Of a group that sleeps nobody asks how many it has.
  const seen = told && counts && min > 0 ? seenOf(counts, min, told, now) : undefined;
  const isNews = seen !== undefined && (woken !== undefined || !isToldLately(before.seen, seen));
  const repositories = Object.assign({}, ...looked.map(({ entry }) => entry));
  return {
    note: { repositories, seen: isNews ? seen : before.seen },
    isNew: isNews || looked.some(({ isNew }) => isNew),
    problems: looked.flatMap(({ problem }) => problem ?? []),
    counts,
  };
}

/** Of what holds runners back, as much as a step in its log can do with. */
const LONGEST_HELD = 300;

/** What is told where nothing changes is told anew after so long: whoever answers takes nothing that is much older. */
const TOLD_AGAIN_MS = 2 * MINUTE_MS;

/** What whoever waits is told: how many there are, and where that is less than `min`, what stood in the way. */
function seenOf({ online, starting }: Counts, min: number, { bounds, outcomes }: GroupReport, at: Instant) {
  const failed = outcomes.flatMap(({ action, error = [] }) => (action === 'add' ? error : [])).slice(0, 1);
  const limits = bounds.filter(({ code }) => isLimit(code)).map(({ text }) => text);
  const held = online + starting < min ? [...failed, ...limits].join('; ').slice(0, LONGEST_HELD) : '';
  return { at, online, starting, min, ...(held !== '' && { held }) };
}

function isToldLately(before: WakeNote['seen'], { at, ...seen }: NonNullable<WakeNote['seen']>): boolean {
  if (before === undefined) return false;
  const { at: toldAt, ...told } = before;
  return at - toldAt < TOLD_AGAIN_MS && isSame(told, seen);
}

/** What a name means that no repository has: whoever asks is another, and need not wait until one has it. */
const NOBODY = { workspaceUuid: '', repositoryUuid: '' } as const;

type LookedUp = {
  /** What is known of it, by its key. */
  readonly entry?: WakeNote['repositories'] | undefined;
  readonly isNew?: true;
  readonly problem?: string;
};

/** A uuid needs no looking up. */
async function lookUp(
  from: Required<Scope>,
  group: Wakeable,
  { repositories }: WakeNote,
  ports: Ports,
  now: Instant,
): Promise<LookedUp> {
  if (isUuid(from.repository)) return {};
  const key = scopeKey(from);
  const known = repositories[key];
  const entry = known && { [key]: known };
  if (known?.repositoryUuid && now - known.at < LOOKED_UP_FOR_MS) return { entry };
  try {
    const { workspaceUuid, repositoryUuid = '' } = await ports.runners.identify(reached(from, group));
    return { entry: { [key]: { workspaceUuid, repositoryUuid, at: now } }, isNew: true };
  } catch (error) {
    if (error instanceof BudgetError) return { entry };
    const problem = `wake.from: ${sentenceOf(error)}`;
    const isNobody = known === undefined && error instanceof ServiceError && error.status === 404;
    return isNobody ? { entry: { [key]: { ...NOBODY, at: now } }, isNew: true, problem } : { entry, problem };
  }
}

type Counts = NonNullable<ReturnType<typeof countsIn>>;

/**
 * Those that this tick made start as well; undefined where the group was not seen. `steps`: runners that show a step, be they
 * in service or not.
 */
function countsIn(group: GroupReport | undefined, seen: GroupObservation | undefined) {
  if (group === undefined || !wasSeen(group)) return;
  const { busy, idle, starting } = group.counts;
  const made = group.outcomes.filter(({ action, status }) => action === 'add' && status === 'done').length;
  const steps = seen?.runners.filter(({ hasStep }) => hasStep).length ?? 0;
  return { idle, online: busy + idle, starting: starting + made, steps };
}
