import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BudgetError, ServiceError } from '#core/errors.ts';
import type { Observation } from '#core/model/observation.ts';
import type { PipelineApi } from '#core/ports.ts';
import { observation, waitingIn } from '#kit/fleet.ts';
import { recordingPorts, settle } from '../../reconcile/ports.ts';
import { ask, bitbucketWith, LINUX, look, named, see } from './look.ts';

const OTHER = ['other', ...LINUX];

function refuse(status: number, sentence = `Refused with ${status}.`): () => Promise<never> {
  return async () => {
    throw new ServiceError(sentence, { service: 'bitbucket', outcome: 'refused', status });
  };
}

/** Fails for one repository, and else does as the script says. */
function failing(repository: string, status: number): (api: PipelineApi) => Partial<PipelineApi> {
  return (api) => ({
    openPipelines: (scope) =>
      scope.repository === repository
        ? refuse(status, `Listing acme/${repository} failed: ${status}.`)()
        : api.openPipelines(scope),
  });
}

function names(count: number, prefix = 'r'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

describe('what is looked at', () => {
  it('is each repository once, whoever asks, and each pipeline once', async () => {
    const groups = [see({ source: named('site', 'api') }), see({ name: 'other', labels: OTHER, source: named('api') })];
    const { seen, trace } = await look(groups, { site: [1], api: [2, { labels: OTHER, steps: 3 }] });
    expect(trace).toEqual([
      'openPipelines acme/site',
      'openPipelines acme/api',
      'waitingSteps acme/site {site-0}',
      'waitingSteps acme/api {api-0}',
      'waitingSteps acme/api {api-1}',
    ]);
    expect(seen.queues).toEqual([
      { scope: { workspace: 'acme', repository: 'site' }, waiting: [{ labels: LINUX, steps: 1 }] },
      {
        scope: { workspace: 'acme', repository: 'api' },
        waiting: [
          { labels: LINUX, steps: 2 },
          { labels: OTHER, steps: 3 },
        ],
      },
    ]);
    expect(seen.groups.map(({ queue }) => queue)).toEqual([
      { kind: 'counted', repositories: ['site', 'api'] },
      { kind: 'counted', repositories: ['api'] },
    ]);
    expect(seen.notes).toEqual([]);
  });

  it('is kept as far as somebody can run it: what others ask for has no end', async () => {
    const script = { site: [2, { labels: OTHER, steps: 3 }, { labels: ['windows'], steps: 4 }], api: [5] };
    const groups = [see({ source: named('site') }), see({ name: 'other', labels: OTHER, source: named('api') })];
    const { seen } = await look(groups, script);
    expect(seen.queues?.map(({ waiting }) => waiting)).toEqual([
      [{ labels: LINUX, steps: 2 }],
      [{ labels: LINUX, steps: 5 }],
    ]);
  });

  it('is counted for each set of labels, also where two only together read alike', async () => {
    const apart = { labels: ['a', 'b'], steps: 1 };
    const together = { labels: ['ab'], steps: 2 };
    const { seen } = await look([see({ labels: ['a', 'ab', 'b'] })], { site: [apart, together, apart] });
    expect(seen.queues?.map(({ waiting }) => waiting)).toEqual([[{ ...apart, steps: 2 }, together]]);
  });

  it("is a repository's own queue for its group", async () => {
    const { trace } = await look([see({ repository: 'site' })], { site: [] });
    expect(trace).toEqual(['openPipelines acme/site']);
  });

  it('is what a query finds, asked once for all who ask the same', async () => {
    const source = { kind: 'query', query: 'name ~ "a"' } as const;
    const all = { kind: 'query' } as const;
    const groups = [see({ source }), see({ name: 'b', source }), see({ name: 'c', source: all })];
    const { seen, trace } = await look(groups, { site: [], api: [] });
    expect(trace).toEqual([
      'recentRepositories acme 50 name ~ "a"',
      'recentRepositories acme 50',
      'openPipelines acme/site',
      'openPipelines acme/api',
    ]);
    expect(seen.groups.map(({ queue }) => queue)).toEqual(
      Array(3).fill({ kind: 'counted', repositories: ['site', 'api'] }),
    );
  });

  it('is read in turns, the latest pipeline of each repository first', async () => {
    const { trace } = await look([see({ source: named('a', 'b') })], { a: [0, 0, 0], b: [0, 0] });
    expect(trace.slice(2)).toEqual([
      'waitingSteps acme/a {a-0}',
      'waitingSteps acme/b {b-0}',
      'waitingSteps acme/a {a-1}',
      'waitingSteps acme/b {b-1}',
      'waitingSteps acme/a {a-2}',
    ]);
  });

  it('ends when enough is known', async () => {
    // Twenty at a time are under way, so that some are read beyond the eight that fill the group.
    const { seen, trace } = await look([see()], { site: Array(60).fill(1) });
    const read = trace.filter((line) => line.startsWith('waitingSteps'));
    expect(read.length).toBeGreaterThanOrEqual(8);
    expect(read.length).toBeLessThan(30);
    expect(seen.groups[0]?.queue).toEqual({ kind: 'counted', repositories: ['site'] });
    expect(seen.notes).toEqual([]);
  });

  it('goes on for a group that has not enough, and there only', async () => {
    const groups = [
      see({ source: named('site'), max: 3 }),
      see({ name: 'other', labels: OTHER, source: named('api') }),
    ];
    const { trace } = await look(groups, { site: Array(30).fill(1), api: Array(30).fill(0) });
    expect(trace.filter((line) => line.includes('{api-'))).toHaveLength(30);
    expect(trace.filter((line) => line.includes('{site-')).length).toBeLessThan(11);
  });

  it('counts a pipeline once whose repository has two names', async () => {
    const { seen, trace } = await look(
      [see({ source: named('site', '{site-uuid}') })],
      {},
      {
        openPipelines: async () => ({ pipelines: [{ uuid: '{p}', section: 'default' }], isWhole: true }),
        waitingSteps: async () => ({ waiting: [{ labels: LINUX, steps: 4 }], notes: [] }),
      },
    );
    expect(trace.filter((line) => line.startsWith('waitingSteps'))).toHaveLength(1);
    expect(waitingIn(seen)).toEqual(new Map([['builds', 4]]));
    expect(seen.groups[0]?.queue?.kind).toBe('counted');
    expect(seen.notes).toEqual([]);
  });

  it('ends with the very step that makes it enough, and is then not doubted', async () => {
    const openPipelines: PipelineApi['openPipelines'] = async (scope) => ({
      ...(await api.openPipelines(scope)),
      isWhole: false,
    });
    const api = bitbucketWith({ site: [8, ...Array(60).fill(0)] });
    const { seen, trace } = await look([see()], {}, { ...api, openPipelines });
    expect(trace.filter((line) => line.startsWith('waitingSteps')).length).toBeLessThan(30);
    expect(seen.groups[0]?.queue).toEqual({ kind: 'counted', repositories: ['site'] });
    expect(seen.notes).toEqual([]);
  });

  it('ends in one workspace while another with a repository of that name goes on', async () => {
    const groups = [see({ max: 3 }), see({ name: 'other', workspace: 'labs' })];
    const { trace } = await look(
      groups,
      {},
      {
        openPipelines: async ({ workspace }) => ({
          pipelines: Array.from({ length: 60 }, (_, index) => ({
            uuid: `{${workspace}-${index}}`,
            section: 'default',
          })),
          isWhole: true,
        }),
        waitingSteps: async ({ workspace }) => ({
          waiting: workspace === 'acme' ? [{ labels: LINUX, steps: 1 }] : [],
          notes: [],
        }),
      },
    );
    expect(trace.filter((line) => line.includes('{labs-'))).toHaveLength(60);
    expect(trace.filter((line) => line.includes('{acme-')).length).toBeLessThan(30);
  });

  it('ends after 200 pipelines', async () => {
    const { seen, trace } = await look([see()], { site: Array(201).fill(0) });
    expect(trace.filter((line) => line.startsWith('waitingSteps'))).toHaveLength(200);
    expect(seen.groups[0]?.queue?.kind).toBe('unknown');
  });

  it('is asked for without a query where there is none, and told only to those who asked', async () => {
    const requests: object[] = [];
    const recentRepositories = async (_workspace: string, request: object) => {
      requests.push(request);
      return [];
    };
    const quiet = see({ name: 'quiet', runners: { idle: 1 } });
    const { seen } = await look([see({ source: { kind: 'query' } }), quiet], {}, { recentRepositories });
    expect(requests.map(Object.keys)).toEqual([['limit']]);
    expect(seen.groups.map((entry) => 'queue' in entry)).toEqual([true, false]);
  });
});

describe('too many repositories', () => {
  it('looks at the first fifty that are named, and knows that it is not all', async () => {
    const { seen, trace } = await look([see({ source: named(...names(51)) })], {});
    expect(trace).toHaveLength(50);
    expect(seen.groups[0]?.queue).toEqual({
      kind: 'unknown',
      why: '1 of its repositories are not among the 50 that a tick looks at',
    });
  });

  it('fifty that are named are none too many', async () => {
    const { seen, trace } = await look([see({ source: named(...names(50)) })], {});
    expect(trace).toHaveLength(50);
    expect(seen.groups[0]?.queue?.kind).toBe('counted');
  });

  it('gives every group its first ones, in turns', async () => {
    const groups = [see({ source: named(...names(60, 'a')) }), see({ name: 'b', source: named(...names(3, 'b')) })];
    const { seen, trace } = await look(groups, {});
    expect(trace.filter((line) => line.startsWith('openPipelines acme/b'))).toHaveLength(3);
    expect(trace.filter((line) => line.startsWith('openPipelines acme/a'))).toHaveLength(47);
    expect(seen.groups.map(({ queue }) => queue?.kind)).toEqual(['unknown', 'counted']);
  });

  it('is no loss for a query, which has the most recently active first', async () => {
    const groups = [see({ source: { kind: 'query' } }), see({ name: 'b', source: named('own') })];
    const { seen, trace } = await look(groups, Object.fromEntries(names(50).map((name) => [name, []])));
    expect(trace.filter((line) => line.startsWith('openPipelines'))).toHaveLength(50);
    expect(seen.groups.map(({ queue }) => queue?.kind)).toEqual(['counted', 'counted']);
  });
});

describe('what cannot be known', () => {
  const script = { site: [5], api: [1] };

  async function lookFailing(repository: string, status: number, source = named('site', 'api')) {
    const api = bitbucketWith(script);
    return look([see({ source })], script, failing(repository, status)(api));
  }

  it('is unknown when what was seen asks for no more than the group gets without it', async () => {
    const { seen } = await lookFailing('site', 404);
    expect(seen.groups[0]?.queue).toEqual({ kind: 'unknown', why: 'repositories[0]: Listing acme/site failed: 404' });
    expect(seen.groups[0]?.missing).toEqual([]);
    expect(seen.notes).toEqual([]);
  });

  it('counts what was seen when it asks for more, and says that it is not all', async () => {
    const { seen } = await lookFailing('api', 404);
    expect(seen.groups[0]?.queue).toEqual({ kind: 'counted', repositories: ['site', 'api'] });
    expect(waitingIn(seen)).toEqual(new Map([['builds', 5]]));
    expect(seen.notes).toEqual([
      'Group builds has at least 5 steps waiting, but not all of its queue is known: repositories[1]: Listing acme/api failed: 404.',
    ]);
    // Of a repository that was not listed nothing is told, also not that nothing waits.
    expect(seen.queues?.map(({ scope }) => scope.repository)).toEqual(['site']);
  });

  it.each([
    // Two busy ones double to four; with a buffer of one, 2 + 1 + 1 is no more and 2 + 2 + 1 is.
    [1, 'unknown'],
    [2, 'counted'],
  ])('with %d steps seen: %s', async (steps, kind) => {
    const { seen } = await look(
      [see()],
      { site: [steps] },
      {
        openPipelines: async () => ({ pipelines: [{ uuid: '{site-0}', section: 'default' }], isWhole: false }),
      },
    );
    expect(seen.groups[0]?.queue?.kind).toBe(kind);
    const why = 'repositories[0]: acme/site has more than 1 pipelines under way';
    expect(JSON.stringify([seen.groups[0]?.queue, seen.notes])).toContain(why);
  });

  it("a repository's own group is told without a place in a list", async () => {
    const { seen } = await look([see({ repository: 'site' })], {}, { openPipelines: refuse(404, 'acme/site: 404.') });
    expect(seen.groups[0]?.queue).toEqual({ kind: 'unknown', why: 'acme/site: 404' });
  });

  it('of a repository that a query found is told without a place in a list', async () => {
    const source = { kind: 'query' } as const;
    const { seen } = await look([see({ source })], { site: [] }, { openPipelines: refuse(404, 'acme/site: 404.') });
    expect(seen.groups[0]?.queue).toEqual({ kind: 'unknown', why: 'acme/site: 404' });
  });

  it.each([
    ['a list of pipelines', named('site'), 'openPipelines'],
    ['a query', { kind: 'query' } as const, 'recentRepositories'],
  ])('is told in the words of %s, without the last dot and with all others', async (_, source, method) => {
    const { seen } = await look([see({ source })], { site: [] }, { [method]: refuse(404, 'api.example.org: 404.') });
    expect(seen.groups[0]?.queue).toEqual({ kind: 'unknown', why: 'api.example.org: 404' });
  });

  it('of one pipeline is told as of its repository', async () => {
    const { seen } = await look([see()], { site: [0] }, { waitingSteps: refuse(500, 'Steps: 500.') });
    expect(seen.groups[0]?.queue).toEqual({ kind: 'unknown', why: 'Steps: 500' });
  });

  it('of a query is told', async () => {
    const source = { kind: 'query' } as const;
    const { seen, trace } = await look([see({ source })], {}, { recentRepositories: refuse(403, 'Search: 403.') });
    expect(trace).toEqual(['recentRepositories acme 50']);
    expect(seen.groups[0]?.queue).toEqual({ kind: 'unknown', why: 'Search: 403' });
  });

  it('another group is not touched by it', async () => {
    const groups = [see({ source: named('gone') }), see({ name: 'other', source: named('api') })];
    const api = bitbucketWith({ api: [] });
    const { seen } = await look(groups, { api: [] }, failing('gone', 404)(api));
    expect(seen.groups.map(({ queue }) => queue?.kind)).toEqual(['unknown', 'counted']);
  });

  it.each([
    ['without permission', 403],
    ['with a refused credential', 401],
    ['throttled', 429],
  ])('is not asked again and again %s', async (_name, status) => {
    const { seen, trace } = await look(
      [see({ source: named(...names(50)) })],
      {},
      {
        openPipelines: refuse(status, `No: ${status}.`),
      },
    );
    expect(trace).toHaveLength(1);
    expect(seen.groups[0]?.queue).toEqual({ kind: 'unknown', why: `No: ${status}` });
  });

  it('is not asked again once the budget keeps what is left', async () => {
    const held = async (): Promise<never> => {
      throw new BudgetError('Held back.', {
        credential: 'default',
        why: 'short',
        used: 760,
        limit: 1000,
        waitMs: 60_000,
      });
    };
    const { seen, trace } = await look([see({ source: named(...names(50)) })], {}, { openPipelines: held });
    expect(trace).toHaveLength(1);
    expect(seen.groups[0]?.queue).toEqual({ kind: 'unknown', why: 'Held back' });
  });

  it('is asked of every repository when only one is gone', async () => {
    const { trace } = await look([see({ source: named(...names(50)) })], {}, { openPipelines: refuse(404) });
    expect(trace).toHaveLength(50);
  });

  it('in a file is a note, told once, and at most ten in full, one of each repository before a second', async () => {
    const notes = (uuid: string) => [`${uuid.replace(/-.*/, '')} is odd.`, 'Odd.'];
    const { seen } = await look(
      [see({ source: named(...names(20)) })],
      Object.fromEntries(names(20).map((n) => [n, [0]])),
      {
        waitingSteps: async (_scope, { uuid }) => ({ waiting: [], notes: notes(uuid) }),
      },
    );
    expect(seen.notes).toHaveLength(11);
    expect(seen.notes.slice(0, 10).filter((note) => note.endsWith(' is odd.'))).toHaveLength(10);
    // Twenty notes of their own, and the one of all.
    const left = names(20)
      .slice(10)
      .map((name) => `acme/${name}`);
    const places = [...left, `acme/${names(20)[0]}`].join(', ');
    expect(seen.notes[10]).toBe(`11 more notes on waiting steps are left out; they are on ${places}.`);
    expect(seen.groups[0]?.queue?.kind).toBe('counted');
  });
});

describe('in bounded time', () => {
  const never = () => new Promise<never>(() => undefined);
  const why = 'not all of it was seen: a tick stops after 5 s and 200 pipelines';

  it('stops waiting for a list of repositories', async () => {
    const abort = new AbortController();
    const looking = look(
      [see({ source: { kind: 'query' } })],
      {},
      { recentRepositories: never },
      { signal: abort.signal },
    );
    abort.abort();
    expect((await looking).seen.groups[0]?.queue).toEqual({ kind: 'unknown', why });
  });

  it('stops where it is, keeps what it has, and asks nothing more', async () => {
    const abort = new AbortController();
    const answers: (() => void)[] = [];
    const script = { a: [9], b: [0], ...Object.fromEntries(names(30).map((name) => [name, [0]])) };
    const api = bitbucketWith(script);
    const groups = [
      see({ source: named('a', 'b'), max: 50 }),
      see({ name: 'other', source: named('b', ...names(30)), max: 50 }),
    ];
    const over: Partial<PipelineApi> = {
      waitingSteps: async (scope, pipeline) => {
        if (scope.repository !== 'a') await new Promise<void>((resolve) => answers.push(resolve));
        return api.waitingSteps(scope, pipeline);
      },
    };
    const looking = look(groups, script, over, { signal: abort.signal });
    await settle();
    abort.abort();
    const { seen, trace } = await looking;
    expect(seen.groups.map(({ queue }) => queue)).toEqual([
      { kind: 'counted', repositories: ['a', 'b'] },
      { kind: 'unknown', why: `repositories[0]: ${why} (acme/b)` },
    ]);
    expect(seen.notes).toEqual([
      `Group builds has at least 9 steps waiting, but not all of its queue is known: repositories[1]: ${why} (acme/b).`,
    ]);

    const before = structuredClone(seen.queues);
    const calls = trace.length;
    for (const answer of answers) answer();
    await settle();
    expect(trace).toHaveLength(calls);
    expect(seen.queues).toEqual(before);
  });

  it('lasts for five seconds', async () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { ports } = recordingPorts({ pipelines: { openPipelines: never } });
    let found: Observation | undefined;
    const looking = ask(observation([see()]), ports).then((seen) => {
      found = seen;
    });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(found).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await looking;
    expect(found?.groups[0]?.queue).toEqual({ kind: 'unknown', why: `repositories[0]: ${why} (acme/site)` });
  });

  it('leaves no timer behind', async () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    await ask(observation([see()]), recordingPorts().ports);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does nothing when there is no time at all', async () => {
    const { seen } = await look([see()], { site: [3] }, {}, { signal: AbortSignal.abort() });
    expect(seen.groups[0]?.queue).toEqual({ kind: 'unknown', why });
  });
});
