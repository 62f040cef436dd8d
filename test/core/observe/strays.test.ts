import { describe, expect, it } from 'vitest';
import type { RunnerJob } from '#core/model/observation.ts';
import { fleet, jobOf, runner } from '#kit/fleet.ts';
import { builds, fails, look, other, site } from './look.ts';

const madeFor = (group: string): RunnerJob => jobOf(runner(), { group });
const note = (jobs: readonly RunnerJob[]) =>
  look(fleet([builds, other]), { jobs: { list: async () => jobs } }).then(({ seen }) => seen.notes);

describe('Jobs of ours that no group here has', () => {
  it.each([
    { name: 'none', jobs: [madeFor('builds'), madeFor('other')], notes: [] },
    {
      name: 'one',
      jobs: [madeFor('builds'), madeFor('gone')],
      notes: [
        '1 Job in namespace runners of cluster main is of no group and not made by this deployment (made for "gone"): left alone; retire them with what made them.',
      ],
    },
    {
      name: 'several, of several groups',
      jobs: [madeFor('old'), madeFor('gone'), madeFor('old')],
      notes: [
        '3 Jobs in namespace runners of cluster main are of no group and not made by this deployment (made for "gone", "old"): left alone; retire them with what made them.',
      ],
    },
  ])('are noted: $name', async ({ jobs, notes }) => {
    expect(await note(jobs)).toEqual(notes);
  });
});

describe('a scope whose runners cannot be listed', () => {
  it('is not asked for its uuid as well: the same would be wrong, and one sentence is enough', async () => {
    const { seen, trace } = await look(fleet([builds]), { runners: { list: fails('401') } });
    expect(trace.filter((line) => line.startsWith('identify'))).toEqual([]);
    expect(seen.groups[0]?.missing).toEqual(['runners of acme: 401']);
  });
});

describe('a registration with labels of its own that looks half-made', () => {
  const halfMade = runner({ uuid: '{half}', labels: ['autoscaler.created'], status: 'UNREGISTERED' });

  it.each([
    { name: 'is that of the group of its name, where all Jobs were read', failing: 'none', has: [halfMade] },
    {
      name: 'may be another’s, while those of one namespace were not, and counts',
      failing: 'web',
      has: [],
      pending: 1,
    },
    {
      name: '… unless it has connected',
      failing: 'web',
      has: [],
      listed: { ...halfMade, status: 'ONLINE' } as const,
    },
    { name: '… unless it bears another name', failing: 'web', has: [], listed: { ...halfMade, name: 'x' } },
    { name: '… unless it lacks our mark', failing: 'web', has: [], listed: { ...halfMade, labels: ['builds'] } },
  ])('$name', async ({ failing, has, listed = halfMade, pending }) => {
    const { seen } = await look(fleet([builds, site]), {
      runners: { list: async ({ repository }) => (repository === undefined ? [listed] : []) },
      jobs: { list: async ({ namespace }) => (namespace === failing ? fails('503')() : []) },
    });
    expect(seen.groups[0]).toMatchObject({ group: { name: 'builds' }, runners: has });
    expect(seen.groups[0]?.pendingAdds).toBe(pending);
  });
});
