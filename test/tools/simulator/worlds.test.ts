/**
 * Properties over random worlds with everything wrong at once: lists that lag, slip and show other labels, marks that are
 * late and fall away, calls that fail, hang or take effect late, ticks that die, memory that is lost, nodes that die,
 * repositories that vanish, spot nodes that are reclaimed, configurations that change, runners of others, ticks in shards; by
 * every rule: buffers that learn, runners that are replaced, pods that ask for little, limits on steps, weights. `npm run test:worlds` plays thousands more.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { settingOf, type WorldSetting } from '../../worlds/draw-world.ts';
import { PROPERTIES, type Property, type Violation } from '../../worlds/judge.ts';
import { play } from '../../worlds/play.ts';
import { printTest, shrink } from '../../worlds/shrink.ts';

const SETTINGS: readonly WorldSetting[] = [
  ...Array.from({ length: 24 }, (_, index) => settingOf(index + 1, { minutes: 480, lookEverySeconds: 60 })),
  ...Array.from({ length: 7 }, (_, index) => settingOf(index + 1, { minutes: 90, lookEverySeconds: 10 })),
];

type Found = { readonly setting: WorldSetting; readonly violation: Violation };

describe('in random worlds with every fault at once', () => {
  const found: Found[] = [];

  beforeAll(async () => {
    for (const setting of SETTINGS) {
      for (const violation of await play(setting)) found.push({ setting, violation });
    }
  });

  it.each(Object.entries(PROPERTIES) as [Property, string][])('%s: %s', async (property) => {
    const failing = found.filter(({ violation }) => violation.property === property);
    const [first] = failing;
    const asTest = first && printTest(await shrink(first.setting, property), property);
    const told = failing.map(({ setting: { seed, lookEverySeconds }, violation: { minute, what } }) => ({
      ...{ seed, lookEverySeconds },
      ...{ minute, what },
    }));
    expect(told, `The first of these worlds as a test:\n${asTest}`).toEqual([]);
  });
});
