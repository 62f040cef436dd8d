/** The laboratory runs the decider that ships: with another rule in its place, the same scenario ends differently. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleet, group } from '#kit/fleet.ts';
import type * as Shipped from '#tools/laboratory/shipped.ts';
import { play, scenarioOf } from './trial.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const DECIDER = path.join(ROOT, 'lib/core/decide/decide.ts');

/** The decider as the rest of the program sees it, with what it decides changed: nobody is ever added. */
const CHANGED = `
import { decide as shipped } from ${JSON.stringify(`${DECIDER}?shipped`)};
export * from ${JSON.stringify(`${DECIDER}?shipped`)};
export const decide = (observation) => shipped(observation).map((decision) => ({ ...decision, creates: 0 }));
`;

const changeTheRule: Plugin = {
  name: 'change-the-rule',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?shipped$/ }, () => ({ path: DECIDER, namespace: 'file' }));
    onResolve({ filter: /\/decide\/decide\.ts$/ }, () => ({ path: DECIDER, namespace: 'changed' }));
    onLoad({ filter: /.*/, namespace: 'changed' }, () => ({ contents: CHANGED, resolveDir: path.dirname(DECIDER) }));
  },
};

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'laboratory-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function load(name: string, plugins: Plugin[]): Promise<typeof Shipped> {
  const outfile = path.join(directory, `${name}.mjs`);
  await build({
    entryPoints: [path.join(ROOT, 'lib/tools/laboratory/shipped.ts')],
    outfile,
    plugins,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'silent',
  });
  return import(pathToFileURL(outfile).href);
}

describe('the shipped decider', () => {
  const builds = fleet([group()]);
  const scenario = scenarioOf({ span: '2h', loads: [{ kind: 'burst', at: '10m', steps: 10, duration: '5m' }] });

  it('is what the laboratory runs', async () => {
    const asItIs = await load('as-it-is', []);
    const changed = await load('changed', [changeTheRule]);
    const figures = async ({ shippedPolicy }: typeof Shipped) =>
      (await play(scenario, builds, shippedPolicy('shipped', builds))).figures;
    expect((await figures(asItIs)).steps.finished).toBe(10);
    expect((await figures(changed)).steps).toMatchObject({ arrived: 10, finished: 0, failed: { noRunner: 10 } });
  });
});
