/**
 * A fourth strategy, added as anybody would: one file beside the others and one line in the list. In a copy of the
 * sources it compiles, is checked, decides, and is put into words and into the schema for editors.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const STRATEGIES = 'lib/core/decide/strategies';

const HEAD_ROOM = `
import * as z from 'zod';
import { type Finding, problem } from '#yaml/finding.ts';
import { atLeast, reasonsIn, type Strategy } from './strategy.ts';

/** So many runners more than are busy, whatever is idle. */
export type HeadRoom = { readonly kind: 'headRoom'; readonly spare: number };

const Written = z.object({ spare: z.number().optional() });
const words = {
  spare: (v: { busy: number; spare: number; wanted: number }) => \`\${v.busy} busy and \${v.spare} to spare make \${v.wanted}\`,
};
const because = reasonsIn(words);

export const headRoom: Strategy<HeadRoom, typeof words> = {
  kind: 'headRoom',
  parameters: { spare: z.int().min(1).optional().meta({ description: 'Runners to spare.' }) },
  groupKeys: [],
  stay: () => ({ coolDownMs: 0, stabilisationWindowMs: 0 }),
  check: (path, { parameters }): readonly Finding[] =>
    parameters.spare === undefined ? [problem([...path, 'spare'], 'is missing')] : [],
  settings: ({ parameters }) => {
    const { spare } = Written.parse(parameters);
    return spare === undefined ? undefined : { kind: 'headRoom', spare };
  },
  keepsAwake: () => true,
  queue: { source: () => ({ kind: 'named', names: ['site'] }), isNeeded: () => true },
  wish: ({ spare }, counts, min) => {
    const { busy } = counts;
    const wanted = busy + spare;
    return atLeast(min, counts, { working: wanted, because: because('spare', { busy, spare, wanted }) });
  },
  words,
};
`;

/** What a user sees of it, from the file to the report. */
const TRY = `
import { loadFleet, inspectFleet } from '#config/load.ts';
import { jsonSchema } from '#config/schema.ts';
import { decide, questionsIn } from '#core/decide/decide.ts';
import { groupObservation, observation, population } from '#kit/fleet.ts';

const file = (parameters: string) => \`groups:
  - { name: builds, workspace: acme, labels: [builds], namespace: runners, strategy: headRoom, parameters: \${parameters} }\`;
const loading = (text: string) => ({ readText: async () => text, defaultCluster: { kind: 'kubeconfig' } as const });
const { problems } = await inspectFleet('runners.yaml', loading(file('{ min: 1, max: 9, idleCount: 2 }')));
const { fleet } = await loadFleet('runners.yaml', loading(file('{ min: 1, max: 9, spare: 3 }')));
const seen = fleet.groups.map((group) => groupObservation({ group, runners: population({ busy: 2, idle: 1 }) }));
const decided = decide(observation(seen));
const queues = questionsIn(decided).map(({ source }) => source);
const decisions = decided.map(({ decision: { action, from, to, reason } }) => ({ action, from, to, reason }));
const inSchema = JSON.stringify(jsonSchema()).includes('Runners to spare.');
console.log(JSON.stringify({ problems: problems.map(({ path, message }) => [path, message]), decisions, queues, inSchema }));
`;

const run = promisify(execFile);
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(path.join(tmpdir(), 'strategy-'));
  for (const part of ['lib', 'test/kit', 'package.json', 'tsconfig.json']) {
    await cp(path.join(ROOT, part), path.join(copy, part), { recursive: true });
  }
  await symlink(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  await writeFile(path.join(copy, STRATEGIES, 'head-room.ts'), HEAD_ROOM);
  await writeFile(path.join(copy, 'lib/try.ts'), TRY);
  await writeFile(path.join(copy, 'tsconfig.lib.json'), '{ "extends": "./tsconfig.json", "include": ["lib"] }');
});

afterAll(() => rm(copy, { recursive: true }));

it('takes one file and one line in the list', async () => {
  const index = path.join(copy, STRATEGIES, 'index.ts');
  const text = await readFile(index, 'utf8');
  const listed = text
    .replace(
      '[percentageRunnersIdle, idleBuffer, queueAware]',
      '[percentageRunnersIdle, idleBuffer, queueAware, headRoom]',
    )
    .replace('import { idleBuffer }', "import { headRoom } from './head-room.ts';\nimport { idleBuffer }");
  expect(listed.split('\n').filter((line) => line.includes('headRoom'))).toHaveLength(2);
  await writeFile(index, listed);

  await run('tsc', ['--noEmit', '--project', 'tsconfig.lib.json'], { cwd: copy });
  const { stdout } = await run(process.execPath, ['lib/try.ts'], { cwd: copy });
  expect(JSON.parse(stdout)).toEqual({
    problems: [
      ['groups[0].parameters.spare', 'is missing'],
      ['groups[0].parameters.idleCount', expect.stringContaining('belongs to idleBuffer and queueAware')],
    ],
    decisions: [
      {
        action: 'scale-up',
        from: 3,
        to: 5,
        reason: { code: 'spare', text: '2 busy and 3 to spare make 5', values: { busy: 2, spare: 3, wanted: 5 } },
      },
    ],
    queues: [{ kind: 'named', names: ['site'] }],
    inSchema: true,
  });
});
