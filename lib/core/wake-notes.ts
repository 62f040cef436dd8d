/**
 * What a tick does for pipelines that wake groups, besides scaling: it looks up which repositories the names in
 * `wake.from` mean, writes down how many runners a woken group has, and keeps a floor for as long as the pipeline runs that
 * asked for it. Whoever answers pipelines then needs nobody but the state store.
 */
import { BudgetError, ServiceError, sentenceOf } from './errors.ts';
import { parseWakeMemory, parseWakeNote, type WakeNote, wakeMemoryKey, wakeNoteKey } from './memory.ts';
import type { RunnerGroup, Scope } from './model/configuration.ts';
import type { GroupObservation, Instant, Observation } from './model/observation.ts';
import type { GroupReport, Report } from './model/report.ts';
import type { MemoryChange, MemoryDocument, Ports } from './ports.ts';
import { wasSeen } from './report.ts';
import { scopeKey } from './scope.ts';
import { DAY_MS, MINUTE_MS } from './time.ts';
import type { WakeAsk } from './wake.ts';
import { takeUpLooks } from './wake-look.ts';

/** A group that can be woken. */
export type Wakeable = RunnerGroup & Required<Pick<RunnerGroup, 'wake'>>;

/** Whether it is one. */
export function isWakeable(group: RunnerGroup): group is Wakeable {
  return group.wake !== undefined;
}

/** Another repository may have the name by then. */
const LOOKED_UP_FOR_MS = DAY_MS;

/** A floor that runs out within it is kept if its pipeline still runs: five ticks, of which several may fail or not come. */
const ENDING_MS = 5 * MINUTE_MS;

/** A pipeline that has just begun may not be in any list yet: what it asked for lasts for so long at least. */
const NEW_FOR_MS = 3 * MINUTE_MS;

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
  const seen = entry?.group.woken && counts && seenOf(counts, entry.group.woken.runners, told, now);
  const repositories = Object.assign({}, ...looked.map(({ entry }) => entry));
  return {
    note: { repositories, seen: seen ?? before.seen },
    isNew: seen !== undefined || looked.some(({ isNew }) => isNew),
    problems: looked.flatMap(({ problem }) => problem ?? []),
    counts,
  };
}

/** Of what holds runners back, as much as a step in its log can do with. */
const LONGEST_HELD = 300;

/** What whoever waits is told: how many there are, and where that is too few, what the decision was bound by. */
function seenOf({ online, starting }: Counts, wanted: number, told: GroupReport | undefined, at: Instant) {
  const bounds = told?.bounds.filter(({ code }) => code !== 'woken').map(({ text }) => text) ?? [];
  const held = online + starting < wanted ? bounds.join('; ').slice(0, LONGEST_HELD) : '';
  return { at, online, starting, ...(held !== '' && { held }) };
}

/** What a name means that no repository has: whoever asks is another, and need not wait until one has it. */
const NOBODY = { workspaceUuid: '', repositoryUuid: '' } as const;

type LookedUp = {
  /** What is known of it, by its key. */
  readonly entry?: WakeNote['repositories'] | undefined;
  readonly isNew?: true;
  readonly problem?: string;
};

/** The group's own name of the workspace of a repository in `wake.from`: with it go the credential and the budget of the group. */
function reached({ repository }: Required<Scope>, { scope: { workspace } }: RunnerGroup): Required<Scope> {
  return { workspace, repository };
}

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

/** As Bitbucket writes them. */
export function isUuid(name: string): boolean {
  return name.startsWith('{');
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

/**
 * Floors that would run out although their pipelines still run last for another `wake.for`; those that keep runners idle
 * although their pipelines have ended are over. Where nobody can tell, the latest that asked are taken to run, for as many
 * runners as show a step: others that are over would keep runners idle for as long as anybody works.
 * Where the group itself could not be seen (`counts` undefined), none runs out: nothing would be let go before it is seen
 * again, and then the pipelines are, too.
 */
async function settleFloors(
  group: Wakeable,
  document: MemoryDocument | undefined,
  counts: ReturnType<typeof countsIn>,
  ports: Ports,
  now: Instant,
): Promise<readonly MemoryChange[]> {
  const { name, wake } = group;
  const asks = parseWakeMemory(document?.value);
  const isEnding = ({ until }: WakeAsk) => until - now <= ENDING_MS;
  // By both: `wake.for` may have changed since, and a floor that was renewed is as young as that.
  const isOld = ({ until, askedAt = 0 }: WakeAsk) => now - Math.max(askedAt, until - wake.forMs) >= NEW_FOR_MS;
  const hasIdle = counts !== undefined && counts.idle > 0;
  const inQuestion = asks.filter(
    (ask) => ask.pipeline !== undefined && ask.until > now && (isEnding(ask) || (hasIdle && isOld(ask))),
  );
  // Stryker disable next-line ConditionalExpression: of nothing that was asked, nothing is settled.
  if (document === undefined) return [];
  const isRunning = counts === undefined ? () => true : await readPipelines(inQuestion, group, ports);
  const runs = new Map(inQuestion.map((ask) => [ask, isRunning(ask)]));
  let kept = runnersOf(asks.filter((ask) => runs.get(ask) === true || !isEnding(ask)));
  for (const ask of inQuestion.filter((one) => isEnding(one) && runs.get(one) === undefined).reverse()) {
    // Stryker disable next-line OptionalChaining: where nobody saw the group, all that is in question is taken to run.
    if (kept >= (counts?.steps ?? 0)) break;
    runs.set(ask, true);
    kept += ask.runners;
  }
  const settled = asks.map((ask) => {
    if (runs.get(ask) === false && isOld(ask)) return { ...ask, until: now, isOver: true as const };
    if (runs.get(ask) !== true || !isEnding(ask)) return ask;
    const until = now + wake.forMs;
    return { ...ask, until, knownUntil: Math.max(until, ask.knownUntil) };
  });
  if (settled.every((ask, index) => ask === asks[index])) return [];
  return [{ key: wakeMemoryKey(name), expectedVersion: document.version, value: { asks: settled } }];
}

function runnersOf(asks: readonly WakeAsk[]): number {
  return asks.reduce((sum, { runners }) => sum + runners, 0);
}

/**
 * Tells of an ask whether its pipeline runs; undefined where that cannot be seen: a credential may lack the right, and a
 * list may not be whole.
 */
async function readPipelines(asks: readonly WakeAsk[], group: Wakeable, { pipelines }: Ports) {
  const repositories = [...new Set(asks.map(({ by }) => by))];
  const read = await Promise.all(
    repositories.map(async (by) => {
      // Stryker disable next-line StringLiteral: whoever asks is written as workspace and repository.
      const [workspace = '', repository = ''] = by.split('/');
      const scope = reached({ workspace, repository }, group);
      return [by, await pipelines.openPipelines(scope).catch(() => undefined)] as const;
    }),
  );
  const open = new Map(read);
  return ({ by, pipeline }: WakeAsk): boolean | undefined => {
    // Stryker disable next-line ArrayDeclaration: what is no pipeline is not the one that asked.
    const { pipelines: running = [], isWhole = false } = open.get(by) ?? {};
    return running.some(({ uuid }) => uuid === pipeline) || (isWhole ? false : undefined);
  };
}
