/** A world with a group that sleeps, of which a step of acme/shop may ask for runners. */
import { parseWakeMemory, parseWakeNote, wakeMemoryKey, wakeNoteKey } from '#core/memory.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Ports } from '#core/ports.ts';
import { tickIn } from '#kit/drive.ts';
import { fleet, group } from '#kit/fleet.ts';
import { planIn } from '#kit/ticks.ts';
import { World } from '#tools/simulator/world.ts';

const MINUTE = 60_000;
export const SHOP = { workspace: 'acme', repository: 'shop' };
export const wake = { from: [SHOP], max: 3, forMs: 10 * MINUTE };
export const sleeper = group({ min: 0, wake });

/** A world with a sleeping group; ports may be bent, and every lookup of a repository is written down. */
export function open(over: Partial<RunnerGroup> = {}, ...others: readonly RunnerGroup[]) {
  const world = new World();
  const lookups: string[] = [];
  const config = fleet([...others, { ...sleeper, ...over }]);
  const bent = (bend: (ports: Ports) => Partial<Ports> = () => ({})): Ports => {
    const ports = world.ports();
    const counting = {
      ...ports,
      runners: {
        ...ports.runners,
        identify: async (scope: Parameters<Ports['runners']['identify']>[0]) => {
          if (scope.repository !== undefined) lookups.push(scope.repository);
          return ports.runners.identify(scope);
        },
      },
    };
    return { ...counting, ...bend(counting) };
  };
  const state = () => world.ports().state;
  const value = async (key: string) => (await state().load([key])).get(key);
  return {
    world,
    lookups,
    state,
    tick: (bend?: (ports: Ports) => Partial<Ports>) => tickIn(world, config, bent(bend)),
    plan: () => planIn(world, config, bent()),
    note: async () => parseWakeNote((await value(wakeNoteKey('builds')))?.value),
    version: async () => (await value(wakeNoteKey('builds')))?.version,
    asksVersion: async () => (await value(wakeMemoryKey('builds')))?.version,
    asks: async () => parseWakeMemory((await value(wakeMemoryKey('builds')))?.value),
    /** A step asks, as the door writes it down. */
    ask: async (...overs: readonly object[]) => {
      const until = world.now + 10 * MINUTE;
      const asked = { step: '{s1}', by: 'acme/shop', runners: 2, until, knownUntil: until, pipeline: '{p1}' };
      const asks = (overs.length === 0 ? [{}] : overs).map((over) => ({ ...asked, ...over }));
      const version = (await value(wakeMemoryKey('builds')))?.version ?? 0;
      const change = { key: wakeMemoryKey('builds'), expectedVersion: version, value: { asks } };
      await state().save([change], world.now);
    },
  };
}
