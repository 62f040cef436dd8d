/**
 * One policy in one scenario: virtual time, steps as they come, a tick every so often. The run holds the world as it is
 * and sums of what has been, so its memory depends on the fleet and not on how long it goes on.
 */
import type { Instant } from '#core/model/observation.ts';
import type { Report } from '#core/model/report.ts';
import { callsBetween } from '#core/reconcile.ts';
import { SECOND_MS } from '#core/time.ts';
import { type Arrival, type Arrivals, openFeed } from '../arrival.ts';
import { type Faults, NO_FAULTS } from '../simulator/faults.ts';
import { registeredIn } from '../simulator/registrations.ts';
import { type Figures, figuresOf } from './figures.ts';
import { NodeBook } from './nodes.ts';
import type { Actor, Policy } from './policy.ts';
import type { Scenario } from './scenario.ts';
import type { Books } from './tally.ts';
import { Accounts, type Counting } from './turns.ts';
import { openWorld, outagesOf } from './world.ts';

/** What is tried. `arrivals` must be a stream of its own for every run, and begin no earlier than the warm-up. */
export type Trial = {
  readonly scenario: Scenario;
  readonly arrivals: Arrivals;
  readonly policy: Policy;
  /** What is wrong with the world besides what the scenario says; default: nothing. */
  readonly faults?: Faults;
  /** Told now and then how far the run is, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
  /** Given each report of a policy that makes them, warm-up included. */
  readonly onReport?: (report: Report) => void;
  /** Buckets of the series; default 480. */
  readonly buckets?: number;
  /** What is in the books; default: everything. */
  readonly counting?: Counting;
};

/** Closed books and their figures; calls and runners are those of the whole run. */
type Account = { readonly figures: Figures; readonly books: Books };

/** What came of it. `others`: of the second turns, where the trial has turns. */
export type Result = Account & { readonly policy: string; readonly others?: Account };

const TICKS_BETWEEN_PAUSES = 100;

/** Plays the scenario from the beginning of its warm-up to its end. */
export async function run(trial: Trial): Promise<Result> {
  const { scenario, policy } = trial;
  const { start, warmUp } = scenario;
  const end = start + scenario.span;
  const laboratory = openLaboratory(trial);
  const feed = openFeed(trial.arrivals, laboratory.expect);
  const advanceTo = async (at: Instant) => {
    await feed.until(at);
    laboratory.advanceTo(at);
  };
  /** Between two ticks, to the second. */
  const listen = async (until: Instant) => {
    if (scenario.events === undefined) return;
    for (let at = laboratory.world.now + SECOND_MS; at < until; at += SECOND_MS) {
      await advanceTo(at);
      if (laboratory.hasNews()) await laboratory.actor.told?.();
    }
  };
  for (let tick = 0, at = start - warmUp; at < end; tick += 1, at += policy.tickMs) {
    await advanceTo(at);
    if (at > start) laboratory.nodes.add(laboratory.world, policy.tickMs);
    await laboratory.actor.tick?.();
    await listen(Math.min(at + policy.tickMs, end));
    if (tick % TICKS_BETWEEN_PAUSES === 0) {
      trial.onProgress?.(Math.max(0, (at - start) / scenario.span));
      await pause();
    }
  }
  await advanceTo(end);
  trial.onProgress?.(1);
  return laboratory.close();
}

/** Between ticks, and only there: timers that ticks left behind are released, and signals and output are handled. */
function pause(): Promise<void> {
  // biome-ignore lint/style/noRestrictedGlobals: it lets others run, and waits for no time.
  return new Promise((resolve) => setImmediate(resolve));
}

/** A world with a policy in it, and its books, which are opened when the scenario begins. */
function openLaboratory(trial: Trial) {
  const { scenario, policy, faults = NO_FAULTS, onReport = () => undefined, buckets = 480, counting = {} } = trial;
  const { start } = scenario;
  let actor: Actor = {};
  let accounts: Accounts | undefined;
  let hasNews = false;
  let before = { created: 0, registered: 0, calls: { bitbucket: 0, kubernetes: 0, aws: 0 } };
  const world = openWorld(scenario, faults, {
    changing: () =>
      accounts?.account(world.now, { totals: world.bitbucket.totals, queued: world.bitbucket.waiting.size }),
    stepChanged: (step) => {
      accounts?.stepChanged(step);
      actor.stepChanged?.(step);
      if (scenario.events === undefined || (step.state !== 'waiting' && step.endedAt === undefined)) return;
      world.clock.schedule(world.now + scenario.events, () => {
        hasNews = true;
      });
    },
    rested: (uuid) => actor.rested?.(uuid),
  });
  const outages = outagesOf(scenario, () => world.now);
  const ports = world.ports(outages);
  // Before anything else happens at that moment, so that the first step is in the books.
  world.clock.schedule(start, () => {
    accounts = new Accounts(start, scenario.span, buckets, counting);
    before = {
      created: world.bitbucket.everRegistered,
      registered: registeredIn(world.bitbucket.totals),
      calls: ports.calls(),
    };
  });
  actor = policy.open({ world, ports, barePorts: world.ports(outages, { bare: true }), onReport });
  const nodes = new NodeBook(scenario.prices.node);
  return {
    actor,
    world,
    nodes,
    /** Whether Bitbucket has told of anything since this was asked. */
    hasNews: () => {
      const had = hasNews;
      hasNews = false;
      return had;
    },
    advanceTo: (at: Instant) => world.clock.advanceTo(at),
    /** A step is to come at its time, which has not passed. */
    expect: ({ at, ...request }: Arrival) =>
      world.clock.schedule(at, () => {
        accounts?.stepArrives(at, request);
        world.bitbucket.submit(request);
      }),
    close(): Result {
      if (accounts === undefined) throw new Error('the scenario has not begun');
      const [first, second] = accounts.close(world.now, world.bitbucket.totals, world.bitbucket.waiting);
      const created = world.bitbucket.everRegistered - before.created;
      const runners = { created, removed: before.registered + created - registeredIn(world.bitbucket.totals) };
      const calls = callsBetween(before.calls, ports.calls());
      const { mostCallsInAnHour: callsInAnHour } = world;
      const accountOf = (books: Books): Account => {
        return { books, figures: figuresOf(books, { runners, calls, callsInAnHour, scenario, nodes: nodes.close() }) };
      };
      return { policy: policy.name, ...accountOf(first), ...(counting.turns && { others: accountOf(second) }) };
    },
  };
}

/** What is compared. `openArrivals` gives the same stream from its beginning each time. */
export type Comparison = {
  readonly scenario: Scenario;
  readonly policies: readonly Policy[];
  readonly openArrivals: () => Arrivals;
  /** Told which policy is at work and how far the whole is, from 0 to 1. */
  readonly onProgress?: (policy: string, share: number) => void;
  /** Given each report of a policy that makes them, warm-up included. */
  readonly onReport?: (policy: Policy, report: Report) => void;
  /** Buckets of each series; absent: as many as a run keeps unless told otherwise. */
  readonly buckets?: number;
};

/** The results in the policies' order. */
export async function compare(comparison: Comparison): Promise<readonly Result[]> {
  const { scenario, policies, openArrivals, onProgress, onReport, buckets } = comparison;
  const results: Result[] = [];
  for (const [index, policy] of policies.entries()) {
    const tell = (share: number) => onProgress?.(policy.name, (index + share) / policies.length);
    const hear = (report: Report) => onReport?.(policy, report);
    results.push(
      await run({
        scenario,
        policy,
        arrivals: openArrivals(),
        onProgress: tell,
        onReport: hear,
        ...(buckets !== undefined && { buckets }),
      }),
    );
  }
  return results;
}
