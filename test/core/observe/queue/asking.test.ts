import { describe, expect, it } from 'vitest';
import { group, NOON } from '#kit/fleet.ts';
import { look, named, type Seen, see } from './look.ts';

describe('who asks for the queue', () => {
  type Row = {
    readonly name: string;
    readonly seen: Seen;
    readonly maxRunners?: number;
    readonly slots?: Slots;
    readonly asks: boolean;
  };
  type Slots = NonNullable<Parameters<typeof look>[3]>['slots'];

  const slots = { inUse: 2, committed: 2, peak: { month: '2026-11', runners: 9 }, price: 15 };

  const strategy = { kind: 'idleBuffer', idleCount: 1, scaleFactor: 0, scaleFactorLimit: 1 } as const;

  const ROWS: readonly Row[] = [
    { name: 'all busy', seen: {}, asks: true },
    { name: 'all busy, and some start', seen: { runners: { busy: 2, starting: 3 } }, asks: true },
    { name: 'one idle', seen: { runners: { busy: 2, idle: 1 } }, asks: false },
    { name: 'nobody there: a step fails at once', seen: { runners: {} }, asks: false },
    { name: 'only starting ones: the same', seen: { runners: { starting: 2 } }, asks: false },
    { name: 'one place left', seen: { max: 3 }, asks: true },
    { name: 'at max', seen: { max: 2 }, asks: false },
    { name: 'at max, by runners that start', seen: { max: 3, runners: { busy: 2, starting: 1 } }, asks: false },
    { name: 'at max, by dead ones', seen: { max: 3, runners: { busy: 2, dead: 1 } }, asks: false },
    { name: 'one registration left in the workspace', seen: {}, maxRunners: 3, asks: true },
    { name: 'none left in the workspace', seen: {}, maxRunners: 2, asks: false },
    { name: 'no limit to those in use at once', seen: {}, slots, asks: true },
    { name: 'one more may be in use', seen: {}, slots: { ...slots, max: 3 }, asks: true },
    { name: 'no more may be in use', seen: {}, slots: { ...slots, max: 2 }, asks: false },
    {
      name: 'one more may be in use, but none registered',
      seen: {},
      maxRunners: 2,
      slots: { ...slots, max: 3 },
      asks: false,
    },
    { name: 'no creates on this tick', seen: { maxCreatesPerTick: 0 }, asks: false },
    { name: 'seen in part', seen: { over: { missing: ['Jobs: 503'] } }, asks: false },
    {
      name: 'in quarantine',
      seen: { over: { memory: { idleSince: {}, drainingSince: {}, quarantine: { failures: 1, since: NOON } } } },
      asks: false,
    },
    { name: 'another strategy', seen: { over: { group: group({ strategy }) } }, asks: false },
  ];

  it.each(ROWS)('$name: $asks', async ({ seen, maxRunners = 100, slots: used, asks }) => {
    const { seen: found, trace } = await look(
      [see(seen)],
      { site: [] },
      {},
      { maxRunners, ...(used && { slots: used }) },
    );
    expect(trace).toEqual(asks ? ['openPipelines acme/site'] : []);
    expect(found.groups[0]?.queue).toEqual(asks ? { kind: 'counted', repositories: ['site'] } : undefined);
    expect(found.queues).toHaveLength(asks ? 1 : 0);
  });

  it('nobody whose queue is known already, or is known to be unknown', async () => {
    const known = { kind: 'counted', repositories: ['site'] } as const;
    const unknown = { kind: 'unknown', why: 'no permission' } as const;
    const { trace } = await look(
      [known, unknown].map((queue) => see({ over: { queue } })),
      { site: [] },
    );
    expect(trace).toEqual([]);
  });

  it('a group of one workspace while another workspace is full', async () => {
    const full = see({ name: 'other', workspace: 'labs', source: named('api'), runners: { busy: 2, draining: 1 } });
    const { trace } = await look([see(), full], { site: [] }, {}, { maxRunners: 3 });
    expect(trace).toEqual(['openPipelines acme/site']);
  });

  it.each([
    { name: 'one with fewer than its share, of a full workspace', busy: 6, maxRunners: 8, asks: true },
    {
      name: 'one with fewer than its share, of a workspace that has just become full',
      busy: 6,
      maxRunners: 9,
      asks: true,
    },
    { name: 'one with its share', busy: 2, maxRunners: 4, asks: false },
    { name: 'nobody of another workspace for its sake', busy: 6, maxRunners: 2, workspace: 'labs', asks: false },
  ])('$name: $asks', async ({ busy, maxRunners, workspace, asks }) => {
    const other = see({
      name: 'other',
      source: named('api'),
      runners: { busy, idle: 1 },
      ...(workspace && { workspace }),
    });
    const { trace, seen } = await look([see(), other], { site: [3] }, {}, { maxRunners });
    expect(trace.slice(0, 1)).toEqual(asks ? ['openPipelines acme/site'] : []);
    // As many as wait, though there is no room now.
    expect(seen.queues?.[0]?.waiting[0]?.steps).toBe(asks ? 3 : undefined);
  });

  it('for as many steps as there are places, while there are some', async () => {
    const other = see({ name: 'other', source: named('api'), runners: { busy: 6, idle: 1 } });
    const site = Array.from({ length: 60 }, () => 1);
    const { seen } = await look([see({ max: 60 }), other], { site }, {}, { maxRunners: 11 });
    // Those that are read at once: two would do.
    expect(seen.queues?.[0]?.waiting[0]?.steps).toBe(20);
  });
});
