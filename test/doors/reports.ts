/** Reports to show, log and measure. */
import type { BudgetReport, GroupReport, Report } from '#core/model/report.ts';
import { reason } from '#core/reasons.ts';

/** A tick of 23 November 2026, 08:00 UTC, without groups. */
export function report(over: Omit<Partial<Report>, 'tick'> & { readonly tick?: Partial<Report['tick']> } = {}): Report {
  return {
    version: 1,
    groups: [],
    problems: [],
    notes: [],
    ...over,
    tick: {
      id: 'tick-1',
      at: '2026-11-23T08:00:00.000Z',
      mode: 'apply',
      durationMs: 420,
      calls: { bitbucket: 5, kubernetes: 8, aws: 2 },
      ...over.tick,
    },
  };
}

/** A credential with plenty of calls left. */
export function budget(over: Partial<BudgetReport> = {}): BudgetReport {
  return { credential: 'ci/bitbucket', limit: 1000, used: 240, left: 760, throttled: 0, heldBack: [], ...over };
}

/** A group that holds, with 4 busy and 3 idle runners. */
export function group(over: Partial<GroupReport> = {}): GroupReport {
  return {
    name: 'linux-large',
    workspace: 'acme',
    counts: { busy: 4, idle: 3, starting: 0, draining: 0, dead: 0 },
    decision: {
      action: 'hold',
      from: 7,
      to: 7,
      reason: reason('steady', { busy: 4, usable: 7, share: 4 / 7, lower: 0.2, upper: 0.8 }),
    },
    bounds: [],
    troubles: [],
    plan: [],
    outcomes: [],
    problems: [],
    ...over,
  };
}

const busy = reason('busy-share-high', { busy: 5, usable: 6, share: 5 / 6, threshold: 0.8, wanted: 12 });
const uuid = (serial: number) => `{00000000-0000-4000-8000-${String(serial).padStart(12, '0')}}`;

/** Wants 6 more, gets 4 because of `max`; one of the creates fails. */
export function growing(mode: 'plan' | 'apply'): GroupReport {
  const refused = 'Registering a runner in acme failed: Bitbucket answered 429; it is tried again on the next tick.';
  return group({
    name: 'linux-small',
    counts: { busy: 5, idle: 1, starting: 0, draining: 0, dead: 0 },
    decision: { action: 'scale-up', from: 6, to: 10, reason: busy },
    bounds: [reason('max', { max: 10, registrations: 6, withheld: 2 })],
    plan: Array.from({ length: 4 }, () => ({ action: 'add' as const, reason: busy })),
    outcomes:
      mode === 'plan'
        ? []
        : [1, 2, 3, 4].map((serial) =>
            serial === 3
              ? { action: 'add', status: 'failed', error: refused }
              : { action: 'add', runner: uuid(serial), status: 'done' },
          ),
  });
}

/** Retires one runner, removes another, and leaves a third because it took a step. */
export function shrinking(mode: 'plan' | 'apply'): GroupReport {
  const surplus = reason('surplus', { idleMs: 660_000 });
  const drained = reason('drained', { drainedMs: 61_000 });
  const orphan = reason('registration-gone', { ageMs: 240_000 });
  return group({
    name: 'arm',
    counts: { busy: 1, idle: 9, starting: 0, draining: 1, dead: 0 },
    decision: {
      action: 'scale-down',
      from: 10,
      to: 8,
      reason: reason('busy-share-low', { busy: 1, usable: 10, share: 0.1, threshold: 0.2, idle: 9, keepIdle: 4 }),
    },
    bounds: [reason('cool-down', { coolDownMs: 600_000, withheld: 3, longestIdleMs: 320_000 })],
    plan: [
      { action: 'disable', runner: uuid(11), reason: surplus },
      { action: 'disable', runner: uuid(12), reason: surplus },
      { action: 'remove', runner: uuid(13), reason: drained },
      { action: 'remove-job', runner: uuid(14), reason: orphan },
    ],
    outcomes:
      mode === 'plan'
        ? []
        : [
            { action: 'disable', runner: uuid(11), status: 'done' },
            { action: 'disable', runner: uuid(12), status: 'skipped', error: 'it has taken a step since' },
            { action: 'remove', runner: uuid(13), status: 'done' },
            { action: 'remove-job', runner: uuid(14), status: 'done' },
          ],
  });
}

/** Could not be read. */
export function partial(): GroupReport {
  const missing = 'runners of beta: Listing the runners of beta failed: Bitbucket answered 503 after 3 tries.';
  return group({
    name: 'beta-builds',
    workspace: 'beta',
    counts: { busy: 0, idle: 0, starting: 0, draining: 0, dead: 0 },
    decision: { action: 'hold', from: 0, to: 0, reason: reason('partial-observation', { missing }) },
    problems: [missing],
  });
}

/** Retires more runners than anyone wants to read of. */
export function crowd(size: number): GroupReport {
  const surplus = reason('surplus', { idleMs: 660_000 });
  return group({
    name: 'a-name-that-is-longer-than-its-column-allows',
    counts: { busy: 0, idle: 1200 + size, starting: 3, draining: 0, dead: 17 },
    plan: Array.from({ length: size }, (_, serial) => ({ action: 'disable', runner: uuid(serial), reason: surplus })),
  });
}
