/** Runners that Bitbucket or the cluster refuses: noted after the actions, so that the next ticks do not storm on. */
import { describe, expect, it } from 'vitest';
import { apply } from '#core/apply.ts';
import { ServiceError } from '#core/errors.ts';
import type { Manifest, MemoryChange } from '#core/ports.ts';
import { fleet, group, NOON, runner } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import { World } from '#tools/simulator/world.ts';
import { expectNothingLeftOver, registrationsOf } from '../../tools/simulator/invariants.ts';
import { recordingPorts, type Script } from '../reconcile/ports.ts';
import { ADD, disable, groupPlan, planOf } from './carry-out.ts';

const refuse = async () => {
  throw new ServiceError('The quota is used up.', { service: 'kubernetes', outcome: 'refused', status: 403 });
};
const breakOff = async () => {
  throw new ServiceError('503', { service: 'bitbucket', outcome: 'unknown', status: 503 });
};
const refuseFirst = () => {
  let tried = 0;
  return async (_: unknown, { metadata: { name } }: Manifest) => {
    tried += 1;
    return tried === 1 ? refuse() : { name, uid: 'uid' };
  };
};
const BEFORE = { idleSince: { '{a}': 1 }, drainingSince: {} };

/** Carries the plan out; every save in order. */
async function saves(plan: Parameters<typeof apply>[0], script: Script = {}) {
  const saved: (readonly MemoryChange[])[] = [];
  const save = async (changes: readonly MemoryChange[]) => {
    saved.push(changes);
    return [];
  };
  const { ports } = recordingPorts({ ...script, state: { save, ...script.state } });
  return { applied: await apply(plan, ports), saved };
}

const isQuarantined = ({ saved }: { readonly saved: readonly (readonly MemoryChange[])[] }) =>
  saved.flat().some(({ value }) => 'quarantine' in (value as object));

describe('a refused start is remembered', () => {
  it.each([
    { name: 'for the first time', quarantine: undefined, failures: 1 },
    { name: 'once more', quarantine: { failures: 2, since: 5 }, failures: 3 },
  ])('$name, on top of the claim and of what it saved', async ({ quarantine, failures }) => {
    const memory = { ...BEFORE, ...(quarantine && { quarantine }) };
    const plan = planOf(groupPlan([ADD, ADD], { memory, memoryVersion: 7 }));
    const { saved, applied } = await saves(plan, { jobs: { createJob: refuse } });
    expect(saved).toEqual([
      [{ key: 'group/builds', expectedVersion: 7, value: memory }],
      [
        {
          key: 'group/builds',
          expectedVersion: 8,
          value: {
            ...BEFORE,
            runners: { '{new-1}': NOON, '{new-2}': NOON },
            quarantine: {
              failures,
              since: NOON,
              settings: expect.any(Number),
              failed: [{ at: NOON, cause: 'The quota is used up.' }],
            },
          },
        },
      ],
    ]);
    expect(applied.problems).toEqual([]);
  });

  it('of the groups that it concerns, in one save', async () => {
    const plan = planOf(
      groupPlan([ADD]),
      groupPlan([ADD], { group: group({ name: 'other', namespace: 'full' }) }),
      groupPlan([ADD], { group: group({ name: 'third', namespace: 'full' }) }),
    );
    const jobs = {
      createJob: async ({ namespace }: { namespace: string }, { metadata }: { metadata: { name: string } }) =>
        namespace === 'full' ? refuse() : { name: metadata.name, uid: 'uid' },
    };
    const { saved } = await saves(plan, { jobs });
    const quarantined = saved[1]?.filter(({ value }) => 'quarantine' in (value as object));
    expect(quarantined?.map(({ key }) => key)).toEqual(['group/other', 'group/third']);
  });

  it.each([
    ['all went well', groupPlan([ADD]), {}],
    ['only a removal failed', groupPlan([disable(runner())]), { runners: { disable: refuse } }],
    [
      'one of thirty was refused',
      groupPlan(Array.from({ length: 30 }, () => ADD)),
      { jobs: { createJob: refuseFirst() } },
    ],
    ['the connection broke at the registration', groupPlan([ADD]), { runners: { register: breakOff } }],
    ['the connection broke at the Job', groupPlan([ADD]), { jobs: { createJob: breakOff } }],
    ['the connection broke at the Secret', groupPlan([ADD]), { jobs: { createSecret: breakOff } }],
  ] as const)('and nothing is, when %s', async (_name, plan, script) => {
    expect(isQuarantined(await saves(planOf(plan), script))).toBe(false);
  });

  it('but not of a template that is broken: it is mended in the configuration, and nobody should have to wait', async () => {
    const template = { name: 'broken', origin: 'broken.yaml', text: 'kind: Pod' };
    const broken = groupPlan([ADD], { group: group({ pod: { ...group().pod, template } }) });
    expect(isQuarantined(await saves(planOf(broken)))).toBe(false);
  });

  it('a template that is broken keeps nothing from being taken away', async () => {
    const template = { name: 'broken', origin: 'broken.yaml', text: 'kind: Pod' };
    const retired = runner();
    const plan = groupPlan([ADD, disable(retired)], { group: group({ pod: { ...group().pod, template } }) });
    const { applied } = await saves(planOf(plan));
    expect(applied.outcomes.get('builds')).toEqual([
      { action: 'add', status: 'failed', error: expect.stringContaining('broken.yaml') },
      { action: 'disable', runner: retired.uuid, status: 'done' },
    ]);
  });

  it('a template is not looked at where nothing is added', async () => {
    const { ports } = recordingPorts();
    const problems = () => {
      throw new Error('nobody needs the template');
    };
    const plan = planOf(groupPlan([disable(runner())]));
    const { outcomes } = await apply(plan, { ...ports, manifests: { ...ports.manifests, problems } });
    expect(outcomes.get('builds')?.[0]?.status).toBe('done');
  });

  it.each([
    ['at the registration', { runners: { register: refuse } }],
    ['at the Job', { jobs: { createJob: refuse } }],
    ['at the Secret', { jobs: { createSecret: refuse } }],
    ['by a failure that no service reports', { runners: { register: () => Promise.reject(new Error('x')) } }],
  ] as const)('%s', async (_name, script) => {
    expect(isQuarantined(await saves(planOf(groupPlan([ADD])), script))).toBe(true);
  });

  it('where something else succeeded', async () => {
    const retired = runner();
    const script = { jobs: { createJob: refuse }, runners: { get: async () => retired } };
    expect(isQuarantined(await saves(planOf(groupPlan([ADD, disable(retired)])), script))).toBe(true);
  });

  it('where others failed without a word, and none succeeded', async () => {
    let tried = 0;
    const register = () => {
      tried += 1;
      return tried === 1 ? breakOff() : refuse();
    };
    const { saved } = await saves(planOf(groupPlan([ADD, ADD])), { runners: { register } });
    expect(saved[1]?.[0]?.value).toMatchObject({ quarantine: { failures: 1, failed: [{ at: NOON }] } });
  });

  it('or else the tick has a problem', async () => {
    let saved = 0;
    const save = async () => {
      saved += 1;
      if (saved > 1) throw new Error('DynamoDB throttles.');
      return [];
    };
    const { applied } = await saves(planOf(groupPlan([ADD])), { jobs: { createJob: refuse }, state: { save } });
    expect(applied.problems).toEqual([
      'Memory of group/builds could not be saved, so what became of adds is known only from what lists show: DynamoDB throttles.',
    ]);
  });
});

describe('a quota that lets three of six runners through', () => {
  const builds = group({ min: 6 });
  const config = fleet([builds]);

  it('is tried ever more rarely, and filled up soon after it was raised', async () => {
    const world = new World();
    let quota = 3;
    let attempts = 0;
    const ports = () =>
      world.ports(async (call, proceed) => {
        if (call.method !== 'createJob') return proceed();
        attempts += 1;
        return world.cluster.objects.jobs.length >= quota ? refuse() : proceed();
      });
    await runTicks(world, config, { count: 60, ports });
    expect(registrationsOf(world, builds)).toBe(3);
    // Six, the three that were missing, and then one by one after 1, 2, 4, 8 and ever 10 minutes.
    expect(attempts).toBe(6 + 3 + 8);
    expectNothingLeftOver(world, config);

    quota = 10;
    await runTicks(world, config, { count: 70, ports });
    expect(registrationsOf(world, builds)).toBe(6);
  });
});
