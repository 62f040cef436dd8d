/** A thousand waiting steps in fifty repositories, over HTTP: how many calls it takes, and that none counts twice. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createBitbucketClient } from '#adapters/bitbucket/client.ts';
import { createBitbucketPipelineApi } from '#adapters/bitbucket/pipelines.ts';
import { createCallBudget } from '#adapters/budget/ledger.ts';
import type { GroupObservation } from '#core/model/observation.ts';
import { NOON, observation, waitingIn } from '#kit/fleet.ts';
import { startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { CREDENTIALS, READING } from '../../../adapters/bitbucket/setup.ts';
import { ask, LINUX, see } from './look.ts';

const REPOSITORIES = Array.from({ length: 50 }, (_, index) => `repository-${index}`);
const LARGE = ['large', ...LINUX].sort();

type Shape = {
  /** Of every repository. */
  readonly pipelines: number;
  /** Of every pipeline, beside each other, in turns for the small and the large group. */
  readonly steps: number;
  /** Whether every pipeline is at a commit of its own. */
  readonly commits: boolean;
};

async function bitbucketWith({ pipelines, steps, commits }: Shape, usedCalls = 0) {
  const bitbucket = await startLoopbackBitbucket({ workspaces: { acme: REPOSITORIES } });
  onTestFinished(() => bitbucket.close());
  for (const repository of REPOSITORIES) {
    const scope = { workspace: 'acme', repository };
    for (let pipeline = 0; pipeline < pipelines; pipeline += 1) {
      const commit = commits ? `${repository}-${pipeline}` : repository;
      const labels = Array.from({ length: steps }, (_, index) => (index % 2 === 0 ? LINUX : LARGE));
      const items = labels.map((set) => `{ step: { runs-on: [${set.join(', ')}] } }`).join(', ');
      bitbucket.putFile(scope, `pipelines: { default: [{ parallel: [${items}] }] }`, commit);
      bitbucket.addPipeline(scope, { commit, steps: labels.map(() => ({ state: 'READY' as const })) });
    }
  }
  const budget = createCallBudget({ credential: 'default', key: 'k', limit: () => 1000, now: () => NOON });
  for (let call = 0; call < usedCalls; call += 1) budget.count('create');
  const client = createBitbucketClient({ baseUrl: bitbucket.url, credential: CREDENTIALS.apiToken, meter: budget });
  return { bitbucket, api: createBitbucketPipelineApi(client, READING) };
}

/** Two groups that look at everything; every step suits the large one. */
function groups(max: number): readonly GroupObservation[] {
  const source = { kind: 'query' } as const;
  return [
    see({ name: 'small', source, max, maxCreatesPerTick: max }),
    see({ name: 'large', labels: LARGE, source, max, maxCreatesPerTick: max }),
  ];
}

function look(seen: readonly GroupObservation[]) {
  return observation(seen, [{ workspace: 'acme', registrations: 4, maxRunners: 10_000 }]);
}

describe('a thousand steps in fifty repositories', () => {
  const deadline = () => ({ signal: new AbortController().signal, cancel: () => undefined });

  type Row = {
    readonly name: string;
    readonly shape: Shape;
    readonly max: number;
    readonly mostCalls: number;
    /** The sum over both groups. */
    readonly counted: { readonly from: number; readonly to: number };
    readonly notes: number;
  };

  const ROWS: readonly Row[] = [
    {
      name: 'in fifty pipelines: all of them',
      shape: { pipelines: 1, steps: 20, commits: true },
      max: 2000,
      mostCalls: 1 + 50 + 50 + 50,
      counted: { from: 1000, to: 1000 },
      notes: 0,
    },
    {
      name: 'in five hundred pipelines, for groups that can take 20 each: no more than they can take',
      shape: { pipelines: 10, steps: 2, commits: true },
      max: 22,
      mostCalls: 1 + 50 + 2 * (20 + 20),
      counted: { from: 40, to: 80 },
      notes: 0,
    },
    {
      name: 'in five hundred pipelines, for groups that could take all: what 200 pipelines have',
      shape: { pipelines: 10, steps: 2, commits: true },
      max: 2000,
      mostCalls: 1 + 50 + 200 + 200,
      counted: { from: 400, to: 400 },
      notes: 2,
    },
    {
      name: 'at one commit for each repository: its file is read once',
      shape: { pipelines: 10, steps: 2, commits: false },
      max: 2000,
      mostCalls: 1 + 50 + 200 + 50,
      counted: { from: 400, to: 400 },
      notes: 2,
    },
  ];

  it.each(ROWS)('$name', async ({ shape, max, mostCalls, counted, notes }) => {
    const { bitbucket, api } = await bitbucketWith(shape);
    const seen = await ask(look(groups(max)), { pipelines: api, deadline });
    expect(seen.groups.map(({ queue }) => queue?.kind)).toEqual(['counted', 'counted']);
    const total = [...waitingIn(seen).values()].reduce((sum, steps) => sum + steps, 0);
    const listed = seen.queues?.flatMap(({ waiting }) => waiting).reduce((sum, { steps }) => sum + steps, 0);
    expect(total).toBe(listed);
    expect(total).toBeGreaterThanOrEqual(counted.from);
    expect(total).toBeLessThanOrEqual(counted.to);
    expect(seen.notes).toHaveLength(notes);
    expect(bitbucket.requests.length).toBeLessThanOrEqual(mostCalls);
  });

  it('stops at what the budget leaves to counting', async () => {
    const { bitbucket, api } = await bitbucketWith({ pipelines: 1, steps: 20, commits: true }, 650);
    const seen = await ask(look(groups(2000)), { pipelines: api, deadline });
    // 250 of 1,000 are kept for what is more important, so that 100 are left; twenty at a time may pass together.
    expect(bitbucket.requests.length).toBeGreaterThanOrEqual(100);
    expect(bitbucket.requests.length).toBeLessThanOrEqual(120);
    expect(seen.groups.map(({ queue }) => queue?.kind)).toEqual(['counted', 'counted']);
    expect(seen.notes).toEqual([
      expect.stringContaining('Group small has at least'),
      expect.stringContaining('Group large has at least'),
    ]);
  });

  it('is not counted at all when the budget leaves nothing', async () => {
    const { bitbucket, api } = await bitbucketWith({ pipelines: 1, steps: 20, commits: true }, 750);
    const seen = await ask(look(groups(2000)), { pipelines: api, deadline });
    expect(bitbucket.requests).toHaveLength(0);
    expect(seen.groups.map(({ queue }) => queue)).toEqual(
      Array(2).fill({ kind: 'unknown', why: expect.stringContaining('held back') }),
    );
  });
});
