/** Makes a world smaller in which a property does not hold, and prints it as a test. */

import { KIND, PLAIN, type Window, type WorldSetting } from './draw-world.ts';
import { PROPERTIES, type Property } from './judge.ts';
import { play } from './play.ts';

/** Worlds that are played to find a smaller one. */
const TRIES = 60;

/** The smallest world that a few tries find in which the property does not hold: fewer faults, less time. */
export async function shrink(setting: WorldSetting, property: Property): Promise<WorldSetting> {
  let smallest = setting;
  let tries = TRIES;
  for (const simpler of SIMPLIFICATIONS) {
    for (let next = simpler(smallest); next !== undefined && tries > 0; next = simpler(smallest)) {
      tries -= 1;
      const violations = await play(next);
      if (!violations.some((violation) => violation.property === property)) break;
      smallest = next;
    }
  }
  return smallest;
}

type Simplification = (setting: WorldSetting) => WorldSetting | undefined;

const WITHOUT: readonly Simplification[] = Object.entries({ ...KIND, ...PLAIN }).map(([key, none]) => {
  const field = key as keyof typeof KIND | keyof typeof PLAIN;
  const isNone = (setting: WorldSetting) => JSON.stringify(setting[field]) === JSON.stringify(none);
  return (setting) => (isNone(setting) ? undefined : { ...setting, [field]: none });
});

/** Drops the entry of a list that is so far from its end, as long as that helps. */
function withoutEntry(field: 'changes' | 'outages', fromEnd: number): Simplification {
  return (setting) => {
    const index = setting[field].length - 1 - fromEnd;
    return index < 0 ? undefined : { ...setting, [field]: setting[field].filter((_entry, at) => at !== index) };
  };
}

const SIMPLIFICATIONS: readonly Simplification[] = [
  (setting) => (setting.minutes > 30 ? endingAt(setting, Math.floor(setting.minutes / 2)) : undefined),
  ...WITHOUT,
  ...[0, 1, 2].flatMap((fromEnd) => [withoutEntry('changes', fromEnd), withoutEntry('outages', fromEnd)]),
];

/** The world with a calm that begins earlier. What would come after that is not there, so that the calm is one. */
function endingAt(setting: WorldSetting, minutes: number): WorldSetting {
  const begins = ({ from }: { readonly from: number }) => from < minutes;
  const until = <T extends Window>(windows: readonly T[]): readonly T[] =>
    windows.filter(begins).map((window) => ({ ...window, to: Math.min(window.to, minutes) }));
  return {
    ...setting,
    minutes,
    memoryLostAtMinutes: setting.memoryLostAtMinutes.filter((minute) => minute < minutes),
    outages: until(setting.outages),
    shortages: until(setting.shortages),
    vanished: setting.vanished.filter(begins),
    changes: setting.changes.filter(({ atMinute }) => atMinute <= minutes),
  };
}

/** A file with the test that plays this world, to be put beside this one. */
export function printTest(setting: WorldSetting, property: Property): string {
  return `import { expect, it } from 'vitest';
import { play } from './play.ts';
import type { WorldSetting } from './draw-world.ts';

it('world ${setting.seed}, ${property}: ${PROPERTIES[property]}', async () => {
  const setting: WorldSetting = ${JSON.stringify(setting, undefined, 2).replaceAll('\n', '\n  ')};
  const violations = await play(setting);
  expect(violations.filter(({ property }) => property === '${property}')).toEqual([]);
});
`;
}
