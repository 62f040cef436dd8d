/** Places that nothing remembers any more, found by the Jobs of registered runners there. */
import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import { decideLeftovers } from '#core/decide/leftovers.ts';
import type { GroupMemory, Observation, RunnerJob } from '#core/model/observation.ts';
import { placeMemoryKey, placeOf } from '#core/places.ts';
import { makePlan } from '#core/plan.ts';
import type { Namespace } from '#core/ports.ts';
import { fleet, group, jobOf, NOON, runner } from '#kit/fleet.ts';
import type { Script } from '../reconcile/ports.ts';
import { documents, fails, look } from './look.ts';

const here = group({ namespace: 'new', min: 0 });
/** Another group, which still uses the namespace that the first one has left. */
const near = group({ name: 'near', namespace: 'old' });
const config = fleet([here, near]);
const left = runner({ uuid: '{left}' });
const itsJob = jobOf(left, { labels: here.labels });
const FORMER = { ...here, namespace: 'old' };
const KEY = placeOf(FORMER, config)?.[0] ?? '';

/** Clusters with these Jobs, by namespace, and a list with the runner. */
function world(jobs: Readonly<Record<string, readonly RunnerJob[]>>, more: Script = {}): Script {
  const list = async ({ namespace }: Namespace) => jobs[namespace] ?? [];
  return { runners: { list: async () => [left] }, jobs: { list }, ...more };
}

const whereIs = ({ groups, leftovers = [] }: Observation) => ({
  groups: groups.flatMap(({ runners }) => runners.map(({ uuid }) => uuid)),
  places: leftovers.map(({ group: of, runners, jobs }) => [
    of.namespace,
    ...runners.map(({ uuid }) => uuid),
    ...jobs.map(({ name }) => name),
  ]),
});
const placesIn = ({ places = [] }: Observation) => Object.assign({}, ...places.map(({ memory }) => memory));

describe('a runner of a group whose Job is in a namespace of another group', () => {
  it('is at a place that the group has left, with its Job, and the place is remembered', async () => {
    const { seen } = await look(config, world({ old: [itsJob] }));
    expect(whereIs(seen)).toEqual({ groups: [], places: [['old', '{left}', 'runner-left']] });
    expect(seen.leftovers?.[0]?.memoryKey).toBe(placeMemoryKey(KEY, NOON));
    expect(placesIn(seen)[KEY]).toMatchObject({ group: here.name, namespace: 'old', since: NOON, left: true });
    expect(seen.groups[0]?.elsewhere).toBe(1);
    expect(seen.notes).toEqual([]);
  });

  it.each([
    { name: 'was made by this deployment', deployment: 'here', id: 'here' },
    { name: 'was made before deployments had names', id: 'here' },
    { name: 'was made by a deployment, whose name was lost with the rest', deployment: 'before' },
  ])('is found where the Job $name', async ({ deployment, id }) => {
    const known = id === undefined ? {} : documents({ deployment: { version: 1, value: { id } } });
    const job = { ...itsJob, ...(deployment && { deployment }) };
    const { seen } = await look(config, world({ old: [job] }, known));
    expect(whereIs(seen).places).toEqual([['old', '{left}', 'runner-left']]);
  });

  it('keeps its place once it is remembered, and goes only when its log tells of no step', async () => {
    const memory: GroupMemory = {
      idleSince: {},
      drainingSince: { '{left}': NOON - 3_600_000 },
      runners: { '{left}': NOON - 3_600_000 },
    };
    const [, place] = placeOf(FORMER, config) ?? [];
    const out = { ...left, status: 'DISABLED' } as const;
    const known = await look(config, world({ old: [itsJob] }));
    const kept = known.seen.places?.find(({ memory: all }) => KEY in all);
    const running = {
      ...itsJob,
      pod: { name: 'pod', phase: 'Running', restarts: 0, isProtected: true, container: 'runner' },
    } as const;
    const { seen } = await look(config, {
      ...world({ old: [running] }),
      runners: { list: async () => [out] },
      ...documents({
        [kept?.key ?? '']: { version: 1, value: { [KEY]: { ...place, since: NOON, left: true } } },
        [placeMemoryKey(KEY, NOON)]: { version: 1, value: memory },
      }),
    });
    expect(whereIs(seen)).toEqual({ groups: [], places: [['old', '{left}', 'runner-left']] });
    const decisions = decide(seen);
    const plan = makePlan(seen, decisions, decideLeftovers(seen.leftovers ?? [], decisions, NOON));
    const actions = plan.leftovers?.flatMap((entry) => entry.actions);
    expect(actions).toMatchObject([
      { action: 'remove', runner: { uuid: '{left}' }, job: 'runner-left', log: { pod: 'pod', container: 'runner' } },
    ]);
  });

  it.each<{ name: string; jobs: Readonly<Record<string, readonly RunnerJob[]>>; script?: Script }>([
    { name: 'is where the group is now as well: one cluster under two names', jobs: { old: [itsJob], new: [itsJob] } },
    { name: 'does not say which labels were asked for', jobs: { old: [jobOf(left)] } },
    { name: 'was made for other labels', jobs: { old: [jobOf(left, { labels: ['other'] })] } },
    { name: 'is where the group is', jobs: { new: [itsJob] } },
    { name: 'is nowhere', jobs: {} },
    {
      name: 'was made by another deployment',
      jobs: { old: [{ ...itsJob, deployment: 'there' }] },
      script: documents({ deployment: { version: 1, value: { id: 'here' } } }),
    },
  ])('and none is found where the Job $name', async ({ jobs, script = {} }) => {
    const { seen } = await look(config, world(jobs, script));
    expect(seen.leftovers ?? []).toEqual([]);
    expect(placesIn(seen)[KEY]).toBeUndefined();
  });

  it('and none is found while the Jobs where the group is cannot be read, or memory', async () => {
    const list = async ({ namespace }: Namespace) => {
      if (namespace === 'new') throw new Error('503');
      return [itsJob];
    };
    const unread = await look(config, { runners: { list: async () => [left] }, jobs: { list } });
    const forgotten = await look(config, world({ old: [itsJob] }, { state: { load: fails('the table is gone') } }));
    expect([unread.seen.leftovers, forgotten.seen.leftovers]).toEqual([undefined, undefined]);
  });

  it('a Job beside it whose registration is not listed is nobody’s', async () => {
    const others = jobOf(runner({ uuid: '{others}' }), { labels: here.labels, group: 'others' });
    const { seen } = await look(config, world({ old: [itsJob, others] }));
    expect(seen.leftovers?.map(({ orphanJobs }) => orphanJobs)).toEqual([[]]);
    expect(seen.notes).toEqual([expect.stringContaining('1 Job in namespace old of cluster main')]);
  });
});
