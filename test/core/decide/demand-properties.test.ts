/** What holds for the decisions of `idleBuffer` and `queueAware` in every situation, with any parameters. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, type GroupDecision } from '#core/decide/decide.ts';
import type { Strategy } from '#core/model/configuration.ts';
import type { RecentTarget } from '#core/model/observation.ts';
import { group, groupObservation, NOON, observation, population } from '#kit/fleet.ts';

const MINUTE = 60_000;
const count = (max: number) => fc.nat(max);

const situations = fc.record({
  kind: fc.constantFrom('idleBuffer', 'queueAware'),
  idleCount: count(6),
  scaleFactor: fc.integer({ min: 0, max: 20 }).map((tenths) => tenths / 10),
  spread: count(10),
  min: count(8),
  room: fc.integer({ min: 1, max: 30 }),
  busy: count(20),
  idle: count(10),
  starting: count(10),
  draining: count(4),
  dead: count(2),
  /** Counted only where it is asked for: while nobody is idle. */
  waiting: fc.option(count(40), { nil: undefined }),
  recent: fc.option(fc.record({ target: count(30), minutesAgo: fc.integer({ min: 0, max: 8 }) }), { nil: undefined }),
});

type Situation = typeof situations extends fc.Arbitrary<infer S> ? S : never;

function strategyOf({ kind, idleCount, scaleFactor, spread }: Situation): Strategy {
  const buffer = { idleCount, scaleFactor, scaleFactorLimit: idleCount + spread };
  return kind === 'idleBuffer'
    ? { kind: 'idleBuffer', ...buffer }
    : { kind: 'queueAware', ...buffer, repositories: { kind: 'query' } };
}

function decideIn(situation: Situation): GroupDecision {
  const { kind, min, room, waiting, recent } = situation;
  const runners = population(situation);
  const recentTargets: readonly RecentTarget[] | undefined = recent && [
    { target: recent.target, since: NOON - 90 * MINUTE },
    { target: -1, since: NOON - recent.minutesAgo * MINUTE },
  ];
  const isCounted = kind === 'queueAware' && waiting !== undefined && situation.busy > 0 && situation.idle === 0;
  const look = groupObservation({
    group: group({ strategy: strategyOf(situation), min, max: min + room, stabilisationWindowMs: 5 * MINUTE }),
    runners,
    memory: {
      idleSince: Object.fromEntries(runners.map(({ uuid }) => [uuid, NOON - 60 * MINUTE])),
      drainingSince: {},
      ...(recentTargets && { recentTargets }),
    },
    ...(isCounted && { queue: { kind: 'counted', repositories: ['site'] } as const }),
  });
  const scope = { workspace: 'acme', repository: 'site' };
  const steps = waiting ?? 0;
  const seen = { ...observation([look]), queues: [{ scope, waiting: [{ labels: ['self.hosted'], steps }] }] };
  const [decided] = decide(seen);
  if (decided === undefined) throw new Error('there is a decision for every group');
  return decided;
}

function always(holds: (situation: Situation, decided: GroupDecision) => void): void {
  fc.assert(
    fc.property(situations, (situation) => holds(situation, decideIn(situation))),
    { numRuns: 500 },
  );
}

describe('in every situation', () => {
  it('never above max, never below what is busy, and only up or only down', () => {
    always(({ busy, min, room }, { observation: { runners }, decision, creates, retire }) => {
      if (creates > 0) expect(runners.length + creates).toBeLessThanOrEqual(min + room);
      expect(decision.to).toBeGreaterThanOrEqual(busy);
      expect(Math.min(creates, retire.length)).toBe(0);
    });
  });

  it('on the way down never below min, nor below the buffer, unless max says so', () => {
    always(({ busy, min, room, idleCount }, { decision, retire }) => {
      if (retire.length > 0) {
        expect(decision.to).toBeGreaterThanOrEqual(Math.min(min + room, Math.max(min, busy + idleCount)));
      }
    });
  });

  it('the last runner online stays while any is wanted', () => {
    always(({ busy, idle, min, idleCount }, { retire }) => {
      const online = busy + idle - retire.filter(({ runner }) => runner.status === 'ONLINE').length;
      if (busy + idle > 0 && Math.max(min, idleCount) > 0) expect(online).toBeGreaterThan(0);
    });
  });

  it('no runner is asked for twice: while those of this tick start, the same look asks for no more', () => {
    always((situation, { creates }) => {
      const later = decideIn({ ...situation, starting: situation.starting + creates });
      expect(later.creates).toBe(0);
    });
  });

  it('more that is busy or waits never leads to fewer runners', () => {
    always((situation, { decision, creates }) => {
      const { busy, idle } = situation;
      if (idle > 0) {
        const busier = decideIn({ ...situation, busy: busy + 1, idle: idle - 1 });
        expect(busier.decision.to).toBeGreaterThanOrEqual(decision.to);
      }
      if (situation.waiting !== undefined) {
        const more = decideIn({ ...situation, waiting: situation.waiting + 1 });
        expect(more.creates).toBeGreaterThanOrEqual(creates);
      }
    });
  });

  it('what was wanted within the window is kept, and nothing is created for it', () => {
    always((situation, { decision, creates }) => {
      const { recent, min, room, busy, idle, starting } = situation;
      const calm = decideIn({ ...situation, recent: undefined });
      expect(creates).toBe(calm.creates);
      const present = busy + idle + starting;
      if (recent !== undefined && recent.minutesAgo < 5 && present > recent.target) {
        expect(decision.to).toBeGreaterThanOrEqual(Math.min(recent.target, min + room));
      }
      expect(decision.to).toBeGreaterThanOrEqual(calm.decision.to);
    });
  });
});
