/** How the PipelineApi speaks to Bitbucket, beyond what its contract says: calls, places of the file, refusals. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createBitbucketClient } from '#adapters/bitbucket/client.ts';
import { createBitbucketPipelineApi } from '#adapters/bitbucket/pipelines.ts';
import { parsePipelines } from '#adapters/bitbucket/pipelines-yaml.ts';
import { rememberStopped } from '#adapters/bitbucket/stopped-files.ts';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import type { PipelineApi } from '#core/ports.ts';
import { type LoopbackBitbucket, type LoopbackOptions, startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { APP, CREDENTIALS, READING } from './setup.ts';

async function start(
  options: LoopbackOptions = {},
  credential: keyof typeof CREDENTIALS = 'apiToken',
): Promise<{ readonly bitbucket: LoopbackBitbucket; readonly api: PipelineApi; readonly asked: string[] }> {
  const bitbucket = await startLoopbackBitbucket(options);
  onTestFinished(() => bitbucket.close());
  const asked: string[] = [];
  const client = createBitbucketClient({
    baseUrl: bitbucket.url,
    credential: CREDENTIALS[credential],
    sleep: async () => undefined,
    meter: {
      admit: (importance, doing) => asked.push(`${importance}: ${doing}`),
      count: () => undefined,
      heard: () => undefined,
      turnedAway: () => undefined,
    },
  });
  return { bitbucket, api: createBitbucketPipelineApi(client, READING), asked };
}

const FILE = `
pipelines:
  default:
    - step: { name: Build, runs-on: [self.hosted, linux] }
    - step: { name: Test, runs-on: [self.hosted, linux] }
  branches:
    release/*:
      - step: { name: Build, runs-on: [self.hosted, large] }
  pull-requests:
    '**':
      - step: { name: Build, runs-on: [self.hosted, pr] }
  tags:
    v*:
      - step: { name: Build, runs-on: [self.hosted, tag] }
  custom:
    nightly:
      - step: { name: Build, runs-on: [self.hosted, night] }`;

const READY = { name: 'Build', state: 'READY' } as const;

async function waitingOf(api: PipelineApi) {
  const { pipelines } = await api.openPipelines(APP);
  return Promise.all(pipelines.map((pipeline) => api.waitingSteps(APP, pipeline)));
}

describe('calls', () => {
  it('are those that are needed, all of the least importance', async () => {
    const { bitbucket, api, asked } = await start();
    bitbucket.putFile(APP, FILE);
    const { uuid } = bitbucket.addPipeline(APP, { steps: [READY] });
    await waitingOf(api);
    expect(bitbucket.trace()).toEqual([
      'GET /2.0/repositories/acme/app/pipelines?sort=-created_on&pagelen=100&status=PENDING&status=BUILDING&status=IN_PROGRESS 200',
      `GET /2.0/repositories/acme/app/pipelines/${uuid}/steps/?pagelen=100 200`,
      'GET /2.0/repositories/acme/app/src/c0ffee/bitbucket-pipelines.yml 200',
    ]);
    expect(asked).toEqual([
      'queue: Listing the pipelines of acme/app',
      `queue: Listing the steps of pipeline ${uuid} of acme/app`,
      'queue: Reading bitbucket-pipelines.yml of acme/app at c0ffee',
    ]);
  });

  it('do not ask for the file when nothing can wait', async () => {
    const { bitbucket, api } = await start();
    bitbucket.addPipeline(APP, {
      steps: [
        { name: 'Build', state: 'IN_PROGRESS' },
        { name: 'Deploy', state: 'PENDING', trigger: 'manual' },
      ],
    });
    expect(await waitingOf(api)).toEqual([{ waiting: [], notes: [] }]);
    expect(bitbucket.requests).toHaveLength(2);
  });

  it('ask for the file of a commit once, however many pipelines run at it, and again for another commit', async () => {
    const { bitbucket, api } = await start();
    for (const commit of ['one', 'one', 'two']) {
      bitbucket.putFile(APP, FILE, commit);
      bitbucket.addPipeline(APP, { commit, steps: [READY] });
    }
    await waitingOf(api);
    await waitingOf(api);
    const files = bitbucket.trace().filter((line) => line.includes('/src/'));
    expect(files.sort()).toEqual([
      'GET /2.0/repositories/acme/app/src/one/bitbucket-pipelines.yml 200',
      'GET /2.0/repositories/acme/app/src/two/bitbucket-pipelines.yml 200',
    ]);
  });

  it('follow the pages of steps', async () => {
    const { bitbucket, api } = await start({ pageLength: 2 });
    bitbucket.putFile(APP, `pipelines: { default: [{ parallel: [${'{ step: { runs-on: linux } }, '.repeat(5)}] }] }`);
    bitbucket.addPipeline(APP, { steps: Array.from({ length: 5 }, () => ({ state: 'READY' as const })) });
    expect(await waitingOf(api)).toEqual([{ waiting: [{ labels: ['linux'], steps: 5 }], notes: [] }]);
  });

  it('leave out pipelines that wait for a person or are over', async () => {
    const { bitbucket, api } = await start();
    bitbucket.addPipeline(APP, { status: 'PAUSED', steps: [READY] });
    bitbucket.addPipeline(APP, { status: 'PASSED', steps: [READY] });
    expect((await api.openPipelines(APP)).pipelines).toEqual([]);
  });

  it('send a query as it is', async () => {
    const { bitbucket, api } = await start();
    await api.recentRepositories('acme', { query: 'name ~ "a&b"', limit: 50 });
    const [request] = bitbucket.requests;
    expect(request?.path).toBe('/2.0/repositories/acme?sort=-updated_on&pagelen=50&fields=values.slug&q=name+~+"a&b"');
  });
});

describe('where the steps of a pipeline are written', () => {
  const commit = { type: 'commit', hash: 'c0ffee' };
  const ref = (type: string, name: string, selector?: object) => ({
    type: 'pipeline_ref_target',
    ref_type: type,
    ref_name: name,
    commit,
    ...(selector && { selector }),
  });

  it.each<[name: string, target: object, label: string]>([
    ['a branch with a key', ref('branch', 'release/1', { type: 'branches', pattern: 'release/*' }), 'large'],
    ['a branch without a selector', ref('branch', 'release/1'), 'large'],
    ['another branch', ref('branch', 'main'), 'linux'],
    ['default', ref('branch', 'release/1', { type: 'default' }), 'linux'],
    ['a tag', ref('tag', 'v1', { type: 'tags', pattern: 'v*' }), 'tag'],
    ['a tag without a selector', ref('tag', 'v1'), 'tag'],
    ['a custom pipeline', ref('branch', 'main', { type: 'custom', pattern: 'nightly' }), 'night'],
    ['a commit', { type: 'pipeline_commit_target', commit }, 'linux'],
    [
      'a commit, custom',
      { type: 'pipeline_commit_target', commit, selector: { type: 'custom', pattern: 'nightly' } },
      'night',
    ],
    [
      'a pull request',
      {
        type: 'pipeline_pullrequest_target',
        source: 'fix',
        commit,
        selector: { type: 'pull-requests', pattern: '**' },
      },
      'pr',
    ],
    ['a pull request without a selector', { type: 'pipeline_pullrequest_target', source: 'fix', commit }, 'pr'],
    ['a selector of a kind unknown here', ref('branch', 'release/1', { type: 'lunar', pattern: 'x' }), 'large'],
  ])('%s', async (_name, target, label) => {
    const { bitbucket, api } = await start();
    bitbucket.putFile(APP, FILE);
    bitbucket.addPipeline(APP, { target, steps: [READY] });
    const [found] = await waitingOf(api);
    expect(found?.waiting.map(({ labels }) => labels)).toEqual([[label, 'self.hosted'].sort()]);
  });
});

describe('what cannot be told is one note', () => {
  it.each<[name: string, file: string | undefined, target: object | undefined, note: string]>([
    [
      'no file',
      undefined,
      undefined,
      'bitbucket-pipelines.yml of acme/app at c0ffee is not there: its waiting steps are not counted.',
    ],
    [
      'no YAML',
      'pipelines: [',
      undefined,
      'bitbucket-pipelines.yml of acme/app at c0ffee is no YAML (BAD_INDENT in line 1): its waiting steps are not counted.',
    ],
    [
      'a section from elsewhere',
      'pipelines: { default: { import: shared:main:all } }',
      undefined,
      'bitbucket-pipelines.yml of acme/app at c0ffee imports its section default, which is not followed: its waiting steps are not counted.',
    ],
    [
      'other steps',
      'pipelines: { default: [{ step: { name: A } }, { step: { name: B } }] }',
      undefined,
      'bitbucket-pipelines.yml of acme/app at c0ffee lacks steps that its pipeline has: 1 that wait are not counted.',
    ],
    [
      'no commit',
      FILE,
      { type: 'pipeline_ref_target' },
      'bitbucket-pipelines.yml of acme/app at an unknown commit is at a commit that Bitbucket does not tell: its waiting steps are not counted.',
    ],
  ])('%s', async (_name, file, target, note) => {
    const { bitbucket, api } = await start();
    if (file !== undefined) bitbucket.putFile(APP, file);
    bitbucket.addPipeline(APP, { steps: [READY], ...(target && { target }) });
    expect(await waitingOf(api)).toEqual([{ waiting: [], notes: [note] }]);
  });

  it('names a commit by its first twelve characters', async () => {
    const { bitbucket, api } = await start();
    bitbucket.addPipeline(APP, { commit: 'abcdef0123456789abcdef0123456789abcdef01', steps: [READY] });
    const [found] = await waitingOf(api);
    expect(found?.notes).toEqual([
      'bitbucket-pipelines.yml of acme/app at abcdef012345 is not there: its waiting steps are not counted.',
    ]);
  });

  it('reads a file again that could not be had', async () => {
    const { bitbucket, api } = await start();
    bitbucket.putFile(APP, FILE);
    bitbucket.addPipeline(APP, { steps: [READY] });
    bitbucket.script({ path: '/src/', reply: { status: 403 } });
    await expect(waitingOf(api)).rejects.toThrow('lacks the scope read:repository:bitbucket');
    expect((await waitingOf(api))[0]?.waiting).toHaveLength(1);
  });
});

describe('refusals name what is missing', () => {
  it.each<[credential: keyof typeof CREDENTIALS, scope: string]>([
    ['apiToken', 'read:pipeline:bitbucket'],
    ['accessToken', 'pipeline'],
  ])('with %s', async (credential, scope) => {
    const { bitbucket, api } = await start({}, credential);
    bitbucket.script({ path: '/pipelines', reply: { status: 403 } });
    await expect(api.openPipelines(APP)).rejects.toMatchObject({
      status: 403,
      message: `Listing the pipelines of acme/app failed: Bitbucket answered 403: the credential lacks the scope ${scope}, or its owner may not do this here; grant it and try again.`,
    });
  });

  it('names a repository that does not exist', async () => {
    const { api } = await start();
    await expect(api.openPipelines({ workspace: 'acme', repository: 'nope' })).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('acme/nope'),
    });
  });

  it('cannot use an answer that is no list', async () => {
    const { bitbucket, api } = await start();
    bitbucket.script({ path: '/pipelines', reply: { status: 200, body: {} } });
    await expect(api.openPipelines(APP)).rejects.toThrow('unexpected form at values');
  });
});

describe('a file of somebody who means no good', () => {
  it('is cut off, and then too long', async () => {
    const { bitbucket, api } = await start();
    bitbucket.putFile(APP, `${FILE}\n# ${'x'.repeat(600 * 1024)}`);
    bitbucket.addPipeline(APP, { steps: [READY] });
    const [found] = await waitingOf(api);
    expect(found?.notes).toEqual([
      expect.stringMatching(
        /^bitbucket-pipelines.yml of acme\/app at \S+ is longer than 128 KiB: its waiting steps are not counted\.$/,
      ),
    ]);
  });

  it('is skipped by its commit; the third keeps the others of its repository from being read for a while, and no other repository', async () => {
    const bitbucket = await startLoopbackBitbucket();
    onTestFinished(() => bitbucket.close());
    const client = createBitbucketClient({ baseUrl: bitbucket.url, credential: CREDENTIALS.apiToken });
    const clock = { now: Date.parse('2026-11-23T12:00:00Z') };
    const state = createMemoryStateStore();
    const parsed: string[] = [];
    const startReader = () =>
      createBitbucketPipelineApi(client, {
        parse: async (text) => {
          parsed.push(text);
          return text === 'slow' ? { stopped: 'takes longer than 3 s to read' } : parsePipelines(text);
        },
        stopped: rememberStopped({ openState: async () => state, now: () => clock.now, mayKeep: () => true }),
      });
    const api = startReader();
    const other = { ...APP, repository: 'other' };
    const slow = 'f'.repeat(40);
    const slower = ['slow', 'e'.repeat(40), 'd'.repeat(40)];
    for (const commit of [slow, ...slower]) bitbucket.putFile(APP, 'slow', commit);
    for (const commit of ['good', 'better']) bitbucket.putFile(APP, FILE, commit);
    bitbucket.putFile(other, FILE, 'good');
    const pipelineAt = (commit: string) => ({ uuid: '{1}', section: 'default', commit }) as const;
    for (const scope of [APP, other]) bitbucket.addPipeline(scope, { uuid: '{1}', steps: [READY] });
    const ask = async (scope: typeof APP, commit: string, reader = api) =>
      reader.waitingSteps(scope, pipelineAt(commit));

    const first = await ask(APP, slow);
    expect(first).toEqual({
      waiting: [],
      notes: [
        'bitbucket-pipelines.yml of acme/app at ffffffffffff takes longer than 3 s to read, so it is not read: its waiting steps are not counted.',
      ],
    });
    // Another process skips this commit, and reads its neighbour.
    const next = startReader();
    expect((await ask(APP, slow, next)).notes).toEqual([
      'bitbucket-pipelines.yml of acme/app at ffffffffffff is not read before 13:00 UTC, since reading it was broken off: its waiting steps are not counted.',
    ]);
    expect((await ask(APP, 'good', next)).waiting).toHaveLength(1);
    expect(parsed).toEqual(['slow', FILE]);

    for (const commit of slower.slice(0, 2)) await ask(APP, commit);
    expect((await ask(APP, 'better')).notes).toEqual([
      "bitbucket-pipelines.yml of acme/app at better is not read before 12:10 UTC, since reading the repository's files at ffffffffffff, slow, eeeeeeeeeeee was broken off: its waiting steps are not counted.",
    ]);
    expect((await ask(other, 'good')).waiting).toHaveLength(1);
    clock.now += 10 * 60_000;
    expect((await ask(APP, 'better')).waiting).toHaveLength(1);
    expect(parsed).toEqual(['slow', FILE, 'slow', 'slow', FILE, FILE]);
  });
});
