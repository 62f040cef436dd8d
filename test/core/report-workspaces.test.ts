import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { SlotObservation, WorkspaceObservation } from '#core/model/observation.ts';
import type { WorkspaceReport } from '#core/model/report.ts';
import { makePlan } from '#core/plan.ts';
import { makeReport } from '#core/report.ts';
import { group, groupObservation, NOON, observation, population, runner } from '#kit/fleet.ts';
import { workspaceLines } from '#text/workspace-lines.ts';

const TICK = {
  id: 'tick-1',
  at: '2026-11-09T12:00:00.000Z',
  mode: 'plan',
  durationMs: 1,
  calls: { bitbucket: 1, kubernetes: 1, aws: 1 },
} as const;

const SLOTS: SlotObservation = { inUse: 4, committed: 5, peak: { month: '2026-11', runners: 8 }, price: 15 };

/** The same, where the configuration names the price. */
const PRICED: SlotObservation = { ...SLOTS, isPriced: true };

/** The report of a tick that wants `min` runners of one group with these slots. */
function reportOf(
  min: number,
  slots: SlotObservation | undefined,
  more: Partial<WorkspaceObservation> = {},
  over: Partial<RunnerGroup> = {},
) {
  const workspace = { workspace: 'acme', registrations: 6, maxRunners: 100, ...(slots && { slots }), ...more };
  const look = observation(
    [groupObservation({ group: group({ min, max: 50, ...over }), runners: population({ busy: 1, idle: 3 }) })],
    [workspace],
  );
  const decisions = decide(look);
  return makeReport(TICK, look, decisions, makePlan(look, decisions), { outcomes: new Map(), problems: [] });
}

describe('a workspace in the report', () => {
  it('has its caps, what is in use, and what this tick makes of it', () => {
    expect(reportOf(6, { ...SLOTS, max: 20 }).workspaces).toEqual([
      {
        workspace: 'acme',
        registrations: 6,
        maxRunners: 100,
        inUse: 4,
        expected: 7,
        maxConcurrentRunners: 20,
        slotsMatter: true,
        peak: { month: '2026-11', runners: 8 },
      },
    ]);
  });

  it.each([
    ['one below the peak: the next is paid for', 6, SLOTS, undefined],
    ['at the peak: the next raises it', 7, SLOTS, { costs: 15, currency: 'USD' }],
    ['above the peak', 9, SLOTS, { costs: 15, currency: 'USD' }],
    ['at another price', 7, { ...SLOTS, price: 9 }, { costs: 9, currency: 'USD' }],
    ['where nothing is billed', 9, { ...SLOTS, price: 0 }, undefined],
  ])('tells what one more slot costs, %s', (_, min, slots, nextSlot) => {
    const [entry] = reportOf(min, slots).workspaces ?? [];
    expect(entry?.nextSlot).toEqual(nextSlot);
    expect(entry && 'maxConcurrentRunners' in entry).toBe(false);
  });

  it.each([
    // Four in use, of which three have steps; one starts, and two are added.
    ['one below: the next is paid for', { running: 3, peak: { month: '2026-11', runners: 8, steps: 7 } }, undefined],
    ['at the peak', { running: 4, peak: { month: '2026-11', runners: 8, steps: 7 } }, 15],
    ['whatever runners were in use', { running: 3, peak: { month: '2026-11', runners: 99, steps: 6 } }, 15],
  ])('is billed by steps that run, %s', (_, over, costs) => {
    const [entry] = reportOf(6, { ...SLOTS, ...over, limit: 30 }).workspaces ?? [];
    expect(entry).toMatchObject({ running: over.running, concurrencyLimit: 30, slotsMatter: true, peak: over.peak });
    expect(entry?.nextSlot?.costs).toBe(costs);
  });

  it('counts what is added in it, and nowhere else', () => {
    const look = observation(
      ['acme', 'other'].map((workspace) =>
        groupObservation({
          group: group({ name: workspace, scope: { workspace }, min: workspace === 'acme' ? 2 : 3 }),
        }),
      ),
      ['acme', 'other'].map((workspace) => ({ workspace, registrations: 0, maxRunners: 100, slots: SLOTS })),
    );
    const decisions = decide(look);
    const report = makeReport(TICK, look, decisions, makePlan(look, decisions), { outcomes: new Map(), problems: [] });
    expect(report.workspaces?.map(({ workspace, expected }) => [workspace, expected])).toEqual([
      ['acme', 7],
      ['other', 8],
    ]);
  });

  it('counts what is put back into service as added', () => {
    const drained = runner({ uuid: '{a}', status: 'DISABLED' });
    const memory = { idleSince: {}, drainingSince: {}, drains: { '{a}': { cause: 'surplus', at: NOON - 600_000 } } };
    const look = observation(
      [groupObservation({ group: group({ min: 3 }), runners: [drained], memory })],
      [{ workspace: 'acme', registrations: 1, maxRunners: 100, slots: SLOTS }],
    );
    const decisions = decide(look);
    const plan = makePlan(look, decisions);
    expect(plan.groups[0]?.actions.map(({ action }) => action)).toEqual(['enable', 'add', 'add']);
    const report = makeReport(TICK, look, decisions, plan, { outcomes: new Map(), problems: [] });
    expect(report.workspaces).toMatchObject([{ expected: 8 }]);
  });

  it('names steps that run, and a limit on them, where these are known', () => {
    const [plain] = reportOf(6, SLOTS).workspaces ?? [];
    expect(plain).not.toHaveProperty('running');
    expect(plain).not.toHaveProperty('concurrencyLimit');
    const [counted] = reportOf(6, { ...SLOTS, running: 0, limit: 30 }).workspaces ?? [];
    expect(counted).toMatchObject({ running: 0, concurrencyLimit: 30 });
  });

  it.each([
    ['at a price of its own', { ...SLOTS, isPriced: true as const }, true],
    ['with a limit', { ...SLOTS, max: 20 }, true],
    ['with neither', SLOTS, undefined],
  ])('says whether slots matter: %s', (_, slots, slotsMatter) => {
    const [entry] = reportOf(6, slots).workspaces ?? [];
    expect(entry?.slotsMatter).toBe(slotsMatter);
    expect(entry && 'slotsMatter' in entry).toBe(slotsMatter === true);
  });

  it('names registrations that are assumed, where there are any', () => {
    expect(reportOf(6, SLOTS, { assumed: 2 }).workspaces).toMatchObject([{ registrations: 6, assumed: 2 }]);
    expect(Object.keys(reportOf(6, SLOTS).workspaces?.[0] ?? {})).not.toContain('assumed');
  });

  it('is not there where slots were not counted', () => {
    expect(Object.keys(reportOf(6, undefined))).not.toContain('workspaces');
  });
});

describe('the line of a workspace', () => {
  const linesOf = (min: number, slots: SlotObservation, more: Partial<WorkspaceObservation> = {}) =>
    workspaceLines(reportOf(min, slots, more)).map(({ text }) => text);

  it.each([
    ['nothing added, nothing kept back: none', 4, PRICED, {}, []],
    ['no slots where the configuration says nothing of them', 7, SLOTS, {}, ['workspace acme: 6 of 100 registered']],
    ['added', 6, PRICED, {}, ["workspace acme: 6 of 100 registered; 4 in use, soon 7, the month's peak is 8"]],
    [
      'at the peak',
      7,
      PRICED,
      {},
      [
        "workspace acme: 6 of 100 registered; 4 in use, soon 8, the month's peak is 8; one more slot: USD 15 a month where slots are billed",
      ],
    ],
    [
      'kept back by the cap on runners in use',
      9,
      { ...SLOTS, committed: 4, max: 4 },
      {},
      ["workspace acme: 6 of 100 registered; 4 of at most 4 in use, the month's peak is 8"],
    ],
    [
      'kept back by the cap on registrations',
      9,
      PRICED,
      { maxRunners: 6 },
      ["workspace acme: 6 of 6 registered; 4 in use, soon 5, the month's peak is 8"],
    ],
    [
      'with steps that run',
      6,
      { ...PRICED, running: 3, peak: { month: '2026-11', runners: 8, steps: 5 } },
      {},
      [
        "workspace acme: 6 of 100 registered; 4 in use, soon 7, the month's peak is 8; 3 steps run, 5 at most this month; one more slot: USD 15 a month where slots are billed",
      ],
    ],
    [
      'with registrations that nobody saw',
      6,
      PRICED,
      { assumed: 2 },
      [
        "workspace acme: 6 of 100 registered (2 of them assumed, where nothing was listed); 4 in use, soon 7, the month's peak is 8",
      ],
    ],
  ])('%s', (_, min, slots, more, lines) => {
    expect(linesOf(min, slots, more)).toEqual(lines);
  });

  it.each([
    ['the steps that run now', { running: 3 }],
    ['the most of this month', { peak: { month: '2026-11', runners: 8, steps: 5 } }],
  ])('has no steps where only half is known of them: %s', (_, over) => {
    expect(linesOf(6, { ...PRICED, ...over })).toEqual([expect.not.stringContaining('steps')]);
  });

  it('says what the limit on steps keeps back', () => {
    const slots = { ...SLOTS, running: 4, inUse: 4, committed: 4, limit: 4 };
    const strategy = { kind: 'idleBuffer', idleCount: 9, scaleFactor: 0, scaleFactorLimit: 9 } as const;
    const report = reportOf(1, { ...slots, peak: { month: '2026-11', runners: 8, steps: 9 } }, {}, { strategy });
    expect(workspaceLines(report).map(({ text }) => text)).toEqual([
      "workspace acme: 6 of 100 registered; 4 in use, the month's peak is 8; 4 of at most 4 steps run, 9 at most this month",
    ]);
  });

  it('is not there where only the group itself sets limits', () => {
    expect(workspaceLines(reportOf(9, SLOTS, {}, { max: 4, window: { name: 'office' } }))).toEqual([]);
  });

  it('is no warning', () => {
    expect(workspaceLines(reportOf(6, SLOTS)).map(({ tone }) => tone)).toEqual(['quiet']);
  });

  it('is not there in reports from before', () => {
    const { workspaces: _, ...before } = reportOf(6, SLOTS);
    expect(workspaceLines(before)).toEqual([]);
  });

  it('is not there for workspaces in which nothing happens', () => {
    const report = reportOf(6, SLOTS);
    const [entry] = report.workspaces ?? [];
    const quiet: WorkspaceReport[] = entry === undefined ? [] : [{ ...entry, workspace: 'quiet' }];
    expect(workspaceLines({ ...report, workspaces: quiet })).toEqual([]);
  });
});
