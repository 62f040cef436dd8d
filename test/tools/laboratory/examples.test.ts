/** Every scenario that we show can be played as it stands. */
import { globSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { group } from '#kit/fleet.ts';
import { arrivalsOf, load, ownersOf } from '#tools/laboratory/load.ts';
import { readScenario, scenario } from '#tools/laboratory/scenario.ts';

const DOCUMENT = 'docs/laboratory.md';
const EXAMPLES = globSync('examples/laboratory/*.yaml');
const document = readFileSync(DOCUMENT, 'utf8');
const shown = [...document.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);

describe('scenarios that we show', () => {
  it.each([
    ...EXAMPLES.map((file) => [file, readFileSync(file, 'utf8')] as const),
    ...shown.map((text, index) => [`${DOCUMENT} (${index + 1})`, text] as const),
  ])('%s can be played', async (source, text) => {
    const { loads, start, span, seed, history } = readScenario(text, source);
    const steps = arrivalsOf(loads, ownersOf([group()]), { start, end: start + span }, seed);
    expect(loads.length === 0 || [...steps].length > 0).toBe(true);
    if (history !== undefined) expect(await stat(path.join(path.dirname(source), history))).toBeDefined();
  });

  it('are at least these', () => {
    expect({ examples: EXAMPLES.length, shown: shown.length }).toEqual({ examples: 3, shown: 6 });
  });
});

describe('the reference', () => {
  it.each(Object.keys(scenario.in.shape))('has %s', (key) => {
    expect(document).toContain(`| \`${key}\``);
  });

  it.each(load.options.map(({ shape }) => shape.kind.value))('has a load of kind %s', (kind) => {
    expect(document).toContain(`| \`${kind}\``);
  });
});
