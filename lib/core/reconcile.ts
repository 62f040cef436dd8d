/**
 * The file to read first: one tick, as a straight line.
 *
 *   observe (read) → decide (pure) → plan (pure) → apply (write) → report (pure)
 *
 * Where a decision depends on a queue, `decide` names it, `observe` counts it, and `decide` runs once more. A dry run
 * stops before `apply`. `now` comes in with the request, once; everything else comes through the ports.
 */
import { apply } from './apply.ts';
import { budgetsOf, type TickBudgets } from './budget/tick-budgets.ts';
import { decide, type GroupDecision, questionsIn } from './decide/decide.ts';
import { decideLeftovers } from './decide/leftovers.ts';
import { sentenceOf } from './errors.ts';
import type { Fleet } from './model/configuration.ts';
import type { Applied } from './model/decision.ts';
import type { Instant, Observation } from './model/observation.ts';
import type { Calls, Mode, Report, TickRecord } from './model/report.ts';
import { type LookRequest, observe } from './observe/observe.ts';
import { withOneNameEach } from './observe/one-name.ts';
import { observeQueues } from './observe/queue/observe.ts';
import { makePlan } from './plan.ts';
import type { Ports } from './ports.ts';
import { type Circumstances, makeReport, makeSkippedReport, noteSurfaces, withCircumstances } from './report.ts';
import { groupsAt } from './schedule/bounds.ts';
import { leaseName, looksAfter, type Selection, selectGroups } from './select.ts';
import { SECOND_MS } from './time.ts';
import { visibleIn } from './visible.ts';
import { beginNotes, type LeaveNotes } from './wake/notes.ts';

/** What a tick is asked to do. */
export type TickRequest = Selection & {
  readonly fleet: Fleet;
  readonly mode: Mode;
  /** Our clock, read at the door. */
  readonly now: Instant;
  /** Unique per tick; it also names the holder of the lease. */
  readonly tickId: string;
  /** How long the lease lasts if the tick dies without giving it back: a little more than it is allowed to live. */
  readonly leaseTtlMs?: number;
  /** Time since the tick began. */
  readonly elapsedMs: () => number;
  /** Whether there is time to begin another action before the process is stopped; default: always. */
  readonly hasTime?: () => boolean;
  /** What the report has to say besides, asked for when it is made. */
  readonly circumstances?: () => Circumstances;
};

const DEFAULT_LEASE_TTL_MS = 120_000;

const NOTHING_APPLIED: Applied = { outcomes: new Map(), problems: [] };

/** Runs one tick. Throws only if the lease cannot be asked for, or a group is asked for that does not exist. */
export async function reconcile(request: TickRequest, ports: Ports): Promise<Report> {
  const tick = clockIn(request, ports);
  if (request.mode === 'plan') {
    const fleet = await withOneNameEach(request.fleet, ports);
    return (await runLine(request, fleet, ports, tick)).report;
  }
  const { now, tickId: holder, leaseTtlMs: ttlMs = DEFAULT_LEASE_TTL_MS } = request;
  const name = leaseName(request);
  const lease = await ports.state.acquireLease({ name, holder, now, ttlMs });
  if (!lease.acquired) return makeSkippedReport(tick(), `lease held by tick ${lease.holder}`);
  try {
    const fleet = await withOneNameEach(request.fleet, ports);
    const selected = new Set(selectGroups(fleet, request).map((group) => group.name));
    // Looks are asked for under the names that the configuration uses.
    const asConfigured = request.fleet.groups.filter((group) => selected.has(group.name));
    const leaveNotes = await beginNotes(asConfigured, ports, now);
    const line = await runLine(request, fleet, ports, tick);
    return await record(line, ports, leaveNotes);
  } finally {
    // An unreturned lease expires by itself; failing to return it must not hide what the tick did.
    await ports.state.releaseLease({ name, holder }).catch(() => undefined);
  }
}

/** What a line came to. */
type Line = { readonly observation: Observation; readonly report: Report; readonly budgets: TickBudgets };

/** `fleet`: that of the request, with one name for each workspace. */
async function runLine(request: TickRequest, fleet: Fleet, ports: Ports, tick: () => Report['tick']): Promise<Line> {
  const { now: at } = request;
  const groups = groupsAt(selectGroups(fleet, request), at);
  const budgets = budgetsOf(groups, ports);
  const isLookedAfter = looksAfter(fleet, request);
  const lookBeganMs = request.elapsedMs();
  const look = await lookAndDecide({ fleet, groups, at, budgets, looksAfter: isLookedAfter }, ports);
  const { decisions, leftovers } = look;
  const observation = dated(look.observation, request.elapsedMs());
  const plan = makePlan(observation, decisions, leftovers, request.tickId);
  const lookAgeMs = () => request.elapsedMs() - lookBeganMs;
  const { hasTime } = request;
  const applied = request.mode === 'apply' ? await apply(plan, ports, { hasTime, lookAgeMs }) : NOTHING_APPLIED;
  const report = makeReport(tick(), observation, decisions, plan, applied, budgets.report(), leftovers);
  const { notes, ...known } = request.circumstances?.() ?? { notes: [] };
  const circumstances = { ...known, notes: [...notes, ...noteSurfaces(fleet, plan)] };
  return { observation, budgets, report: withCircumstances(report, circumstances) };
}

/** A look that took no longer than this is taken for one at its beginning. */
const AT_ONCE_MS = 5 * SECOND_MS;

/** With the time by which it was read: what a list shows that waited is not older than that. */
function dated(observation: Observation, tookMs: number): Observation {
  return tookMs < AT_ONCE_MS ? observation : { ...observation, readBy: observation.at + Math.round(tookMs) };
}

/** What is there, what to do about it, and what to do about what groups have left behind. */
export type Look = {
  readonly observation: Observation;
  readonly decisions: readonly GroupDecision[];
  readonly leftovers: readonly GroupDecision[];
};

/** The reading half of the line: what is there, and what to do about it. */
export async function lookAndDecide(request: LookRequest, ports: Ports): Promise<Look> {
  const seen = await observe(request, ports);
  const decisions = decide(seen);
  const questions = questionsIn(decisions);
  if (questions.length === 0) return lookOf(seen, decisions);

  const counted = await observeQueues(seen, questions, ports);
  // Counting took calls.
  const observation = { ...counted, ...(counted.budgets && { budgets: request.budgets.allow() }) };
  return lookOf(observation, decide(observation));
}

function lookOf(observation: Observation, decisions: readonly GroupDecision[]): Look {
  return { observation, decisions, leftovers: decideLeftovers(observation.leftovers ?? [], decisions, observation.at) };
}

/** Leaves behind what others go by: the tick itself, the calls that it made, and what pipelines are told that wake groups. */
async function record({ budgets, ...seen }: Line, ports: Ports, leaveNotes: LeaveNotes): Promise<Report> {
  // Everything that leaves the line passes here: answer, log, record and whatever is made of them.
  const { observation, report } = visibleIn(seen);
  const { at } = observation;
  const problems = await Promise.all([
    appendTick({ id: report.tick.id, at, report, observation }, ports),
    budgets.save(ports.state, at),
    leaveNotes({ observation, report }),
  ]);
  return { ...report, problems: [...report.problems, ...problems.flat()] };
}

async function appendTick(record: TickRecord, { state }: Ports): Promise<readonly string[]> {
  try {
    await state.appendTick(record);
    return [];
  } catch (error) {
    return [`The tick could not be recorded: ${sentenceOf(error)}`];
  }
}

/** Starts counting; the answer gives the tick's data with time and calls since then. */
function clockIn({ tickId: id, now, mode, elapsedMs }: TickRequest, ports: Ports): () => Report['tick'] {
  const at = new Date(now).toISOString();
  const before = ports.calls();
  return () => ({ id, at, mode, durationMs: Math.round(elapsedMs()), calls: callsBetween(before, ports.calls()) });
}

/** The calls that were made from one moment to another. */
export function callsBetween(before: Calls, after: Calls): Calls {
  return {
    bitbucket: after.bitbucket - before.bitbucket,
    kubernetes: after.kubernetes - before.kubernetes,
    aws: after.aws - before.aws,
  };
}
