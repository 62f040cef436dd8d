/** Pipelines that use a group which sleeps without waking it: which are named, and what is not looked at. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parsePipelines } from '#adapters/bitbucket/pipelines-yaml.ts';
import { stepsOf } from '#adapters/bitbucket/sections.ts';
import { loadFleet } from '#config/load.ts';
import type { PipelineSource } from '#core/ports.ts';
import { group } from '#kit/fleet.ts';
import { findUnwoken, sleeps, unwokenIn, type WrittenPipelines, type WrittenStep } from '#tools/inspect/unwoken.ts';
import { runCommand } from '../../doors/command.ts';
import { configuration, startDoorsWorld } from '../../doors/world.ts';

const SHOP = { workspace: 'acme', repository: 'shop' };
const wake = { from: [SHOP], max: 3, forMs: 600_000 };
const large = group({ name: 'large', labels: ['large', 'linux'], min: 0, wake });
const small = group({ name: 'small', labels: ['small'], min: 0, wake });
const awake = group({ name: 'awake', labels: ['large', 'linux'] });

const step = (over: Partial<WrittenStep> = {}): WrittenStep => ({ labels: ['large'], block: 1, ...over });
const waker = step({ labels: [], block: 0, wakes: 'curl $WAKE_URL' });
const SENTENCE =
  'a step runs on group large, which sleeps, and no step before it wakes the group: it fails unless a runner happens to be online; wake it first (docs/from-zero.md)';

const BUFFER = { kind: 'idleBuffer', scaleFactor: 0, scaleFactorLimit: 2 } as const;

describe('a group sleeps', () => {
  const night = { name: 'night', days: [], from: 0, to: 60, timezone: 'UTC', min: 0, max: 5 } as const;
  it.each([
    ['with min 0, if it can be woken', large, true],
    ['not where nobody can wake it', group({ min: 0 }), false],
    ['not with min 1', { ...large, min: 1 }, false],
    ['not where its strategy keeps one idle', { ...large, strategy: { ...BUFFER, idleCount: 1 } }, false],
    ['where its strategy keeps none', { ...large, strategy: { ...BUFFER, idleCount: 0 } }, true],
    ['in a window with min 0', { ...large, min: 1, schedules: [night] }, true],
    ['not in one that takes all away', { ...large, min: 1, schedules: [{ ...night, max: 0 }] }, false],
  ])('%s', (_, one, expected) => {
    expect(sleeps(one)).toBe(expected);
  });
});

describe('a section', () => {
  it.each([
    ['whose step nobody wakes', [step()], [large], [SENTENCE]],
    ['whose step has a name', [step({ name: 'Build' })], [large], [SENTENCE.replace('a step', 'step "Build"')]],
    ['whose first step wakes', [waker, step()], [large], []],
    [
      'whose first step wakes it by name',
      [{ ...waker, wakes: 'wake -g small; wake -g large' }, step()],
      [large, small],
      [],
    ],
    ['whose first step wakes another', [{ ...waker, wakes: 'wake -g small' }, step()], [large, small], [SENTENCE]],
    ['whose first step wakes one that nobody has', [{ ...waker, wakes: 'wake -g tiny' }, step()], [large, small], []],
    ['whose waking step runs beside it', [{ ...waker, block: 1 }, step()], [large], [SENTENCE]],
    ['on Bitbucket’s own machines', [step({ labels: [] })], [large], []],
    ['with labels of no group', [step({ labels: ['large', 'gpu'] })], [large], []],
    ['whose labels another group has, which is awake', [step()], [large, awake], []],
    ['of a group of another repository', [step()], [{ ...large, scope: { ...SHOP, repository: 'api' } }], []],
    ['of a group of it by its uuid', [step()], [{ ...large, scope: { ...SHOP, repository: '{1}' } }], [SENTENCE]],
    ['of a group of this repository', [step()], [{ ...large, scope: SHOP }], [SENTENCE]],
  ])('%s', (_, steps, groups, expected) => {
    expect(unwokenIn(steps, groups, SHOP)).toEqual(expected);
  });

  it('of the example wakes its group', async () => {
    const { fleet } = await loadFleet('examples/wake/runners.yaml', { readText: (path) => readFile(path, 'utf8') });
    const file = parsePipelines(await readFile('examples/wake/bitbucket-pipelines.yml', 'utf8'));
    const section = 'sections' in file ? stepsOf(file.sections, { section: 'default' }) : file;
    const steps = 'steps' in section ? section.steps : [];
    expect(steps).toHaveLength(3);
    expect(unwokenIn(steps, fleet.groups, SHOP)).toEqual([]);
    expect(unwokenIn(steps.slice(1), fleet.groups, SHOP)).toHaveLength(1);
  });
});

describe('a workspace', () => {
  function api(over: Partial<WrittenPipelines> = {}) {
    const asked: string[] = [];
    const pipelines = async ({ repository }: { repository: string }) => {
      asked.push(repository);
      const values: readonly PipelineSource[] = [
        { section: 'branches', pattern: 'main', commit: 'new' },
        { section: 'branches', pattern: 'main', commit: 'old' },
        ...[1, 2, 3, 4, 5].map((nth) => ({ section: 'custom' as const, ref: `c${nth}`, commit: 'x' })),
      ];
      return { values };
    };
    const written = async (_: unknown, { commit }: PipelineSource) => ({ steps: commit === 'new' ? [step()] : [] });
    const read: string[] = [];
    return {
      asked,
      read,
      open: async (): Promise<WrittenPipelines> => ({
        recent: async () => ['shop', 'api'],
        pipelines,
        written: async (scope, pipeline) => {
          read.push(`${scope.repository} ${pipeline.pattern ?? pipeline.ref} ${pipeline.commit}`);
          return written(scope, pipeline);
        },
        ...over,
      }),
    };
  }

  it('is read repository by repository, the latest five sections of each, at their latest commits', async () => {
    const at = api();
    const found = await findUnwoken([large], at.open);
    expect(at.asked).toEqual(['shop', 'api']);
    expect(at.read.filter((one) => one.startsWith('shop'))).toEqual([
      'shop main new',
      'shop c1 x',
      'shop c2 x',
      'shop c3 x',
      'shop c4 x',
    ]);
    expect(found).toEqual(
      ['shop', 'api'].map((repository) => ({
        source: `bitbucket-pipelines.yml of acme/${repository}`,
        path: 'branches.main',
        message: SENTENCE,
      })),
    );
  });

  it('is not asked where no group sleeps', async () => {
    const at = api();
    expect([await findUnwoken([awake], at.open), at.asked]).toEqual([[], []]);
  });

  it('says what could not be looked at, and goes on', async () => {
    const problem = api({ written: async () => ({ problem: 'is no YAML' }) });
    expect((await findUnwoken([large], problem.open))[0]?.message).toBe('was not looked at: branches.main is no YAML');
    const gone = api({ pipelines: async () => Promise.reject(new Error('404')) });
    expect((await findUnwoken([large], gone.open)).map(({ message }) => message)).toEqual(
      Array(2).fill('was not looked at: 404'),
    );
    const closed = async () => Promise.reject(new Error('no credential'));
    expect(await findUnwoken([large], closed)).toEqual([
      { source: 'acme', path: '', message: 'was not looked at: no credential' },
    ]);
  });
});

it('validate --pipelines names them, and the configuration stays valid', async () => {
  const sleeping = `${configuration({ min: 0 }).trimEnd()}\n    wake: { from: [acme/app], max: 3 }\n`;
  await using world = await startDoorsWorld(sleeping);
  const scope = { workspace: 'acme', repository: 'app' };
  world.bitbucket.addPipeline(scope, { commit: 'c0ffee', steps: [], status: 'PASSED' });
  world.bitbucket.putFile(
    scope,
    'pipelines: { default: [{ step: { name: Build, runs-on: [self.hosted, large], script: [make] } }] }',
  );
  const without = await runCommand(['validate'], world.environment);
  expect([without.code, without.stdout]).toEqual([0, expect.not.stringContaining('Build')]);
  const { code, stdout } = await runCommand(['validate', '--pipelines'], world.environment);
  expect(code).toBe(0);
  expect(stdout).toContain(
    'warning: bitbucket-pipelines.yml of acme/app default: step "Build" runs on group linux-large, which sleeps',
  );
});
