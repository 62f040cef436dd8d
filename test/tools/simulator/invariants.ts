/** What must be true of every world at every moment, checked between ticks and around every call. */
import { expect } from 'vitest';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import type { PortCall } from '#tools/simulator/interrupt.ts';
import type { World } from '#tools/simulator/world.ts';

/** No build was killed by us, at any time. */
export function expectNobodyKilled(world: World): void {
  const killed = world.steps.filter((step) => step.failure === 'killed');
  expect(killed).toEqual([]);
}

/** Registrations keep to every group's max and to the workspaces' caps. */
export function expectWithinLimits(world: World, fleet: Fleet): void {
  for (const group of fleet.groups) {
    expect(registrationsOf(world, group), `registrations of ${group.name}`).toBeLessThanOrEqual(group.max);
  }
  for (const [workspace, { maxRunners }] of Object.entries(fleet.workspaces)) {
    const groups = fleet.groups.filter((group) => group.scope.workspace === workspace);
    const total = groups.reduce((sum, group) => sum + registrationsOf(world, group), 0);
    expect(total, `registrations of ${workspace}`).toBeLessThanOrEqual(maxRunners);
  }
}

/** Every runner is in exactly one class, and so is what no list shows yet. */
export function expectClassesAddUp(report: Report, before: ReadonlyMap<string, number>): void {
  for (const group of report.groups) {
    if (group.problems.length > 0) continue;
    const sum = Object.values(group.counts).reduce((total, count) => total + count, 0);
    expect(sum, `classes of ${group.name}`).toBeGreaterThanOrEqual(before.get(group.name) ?? 0);
  }
}

/** What is dead, or whose pod goes, is taken out of service before it is deleted, whatever is decided. */
const DEATHS = [
  ...['pod-leaving', 'never-online', 'start-hopeless', 'lost-heart-beat', 'unhealthy', 'job-missing'],
  'job-unlisted',
];

/** A hold neither adds nor disables what works; under a partial observation there is no plan at all. */
export function expectHoldsHold(report: Report): void {
  for (const group of report.groups) {
    const scaling = group.plan.filter(
      ({ action, reason }) => action === 'add' || (action === 'disable' && !DEATHS.includes(reason.code)),
    );
    if (group.decision.action === 'hold') expect(scaling, `hold of ${group.name}`).toEqual([]);
    if (group.problems.length > 0) expect(group.plan, `partial ${group.name}`).toEqual([]);
  }
}

/**
 * A call that would take away a runner whose step the API shows: none does, but that it may be disabled to make room for
 * another group. The uuids of such runners are added to `given`.
 */
export function expectNotTouchingBusy(world: World, call: PortCall, given: string[]): void {
  if (call.port !== 'runners' || (call.method !== 'disable' && call.method !== 'remove')) return;
  const [scope, uuid] = call.arguments as [RunnerGroup['scope'], string];
  if (world.bitbucket.get(scope, uuid)?.hasStep !== true) return;
  expect(call.method, 'remove of a busy runner').toBe('disable');
  given.push(uuid);
}

/** Those runners were disabled because another group was below its share. */
export function expectMadeRoom({ groups }: Report, given: readonly string[]): void {
  const actions = groups.flatMap(({ plan }) => plan).filter(({ action }) => action === 'disable');
  const codes = given.map((uuid) => actions.find(({ runner }) => runner === uuid)?.reason.code);
  expect(codes, 'why busy runners were disabled').toEqual(given.map(() => 'shared'));
}

export function registrationsOf(world: World, group: RunnerGroup): number {
  const labels = group.labels.join(' ');
  return world.bitbucket.list(group.scope).filter((runner) => runner.labels.join(' ') === labels).length;
}

export function registrations(world: World, fleet: Fleet): ReadonlyMap<string, number> {
  return new Map(fleet.groups.map((group) => [group.name, registrationsOf(world, group)]));
}

/** Every registration has its Job, every Job its registration and its Secret, and nothing else is there. */
export function expectNothingLeftOver(world: World, fleet: Fleet): void {
  const scopes = new Map(fleet.groups.map((group) => [JSON.stringify(group.scope), group.scope]));
  const uuids = [...scopes.values()].flatMap((scope) =>
    world.bitbucket.list(scope).map(({ uuid }) => uuid.slice(1, -1)),
  );
  const { jobs, secrets } = world.cluster.objects;
  const tail = (names: readonly string[], prefix: string) =>
    names.map((name) => name.slice(name.lastIndexOf(`/${prefix}`) + prefix.length + 1)).sort();
  expect(tail(jobs, 'runner-'), 'Jobs').toEqual([...uuids].sort());
  expect(tail(secrets, 'runner-oauth-credentials-'), 'Secrets').toEqual([...uuids].sort());
}
