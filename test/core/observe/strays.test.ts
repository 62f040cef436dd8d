import { describe, expect, it } from 'vitest';
import type { Runner, RunnerJob } from '#core/model/observation.ts';
import { fleet, jobOf, runner } from '#kit/fleet.ts';
import { builds, documents, fails, look, other, site } from './look.ts';

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
    expect(seen.groups[0]?.jobsHidden).toBe(failing === 'none' ? undefined : true);
  });
});

describe('a runner whose Job was in another namespace', () => {
  const one = runner({ uuid: '{one}' });
  const remembered = (where: string) => ({
    idleSince: {},
    drainingSince: {},
    awayJobs: { '{one}': where },
  });

  it.each([
    { name: 'that is read', where: 'main/web', failing: 'none', read: ['{one}'] },
    { name: 'that cannot be read', where: 'main/web', failing: 'web', read: undefined },
    { name: 'that is not read any more', where: 'main/gone', failing: 'none', read: undefined },
  ])('is named with a namespace $name', async ({ where, failing, read }) => {
    const { seen } = await look(fleet([builds, site]), {
      ...documents({ 'group/builds': { version: 1, value: remembered(where) } }),
      runners: { list: async ({ repository }) => (repository === undefined ? [one] : []) },
      jobs: { list: async ({ namespace }) => (namespace === failing ? fails('503')() : []) },
    });
    expect(seen.groups[0]?.awayRead).toEqual(read);
  });
});

describe('runners that a group goes on with', () => {
  const [one, two, three] = [1, 2, 3].map((index) => runner({ uuid: `{r${index}}` })) as [Runner, Runner, Runner];
  const notes = async (runners: readonly Runner[], jobs: readonly RunnerJob[]) => {
    const { seen } = await look(fleet([builds]), {
      runners: { list: async () => runners },
      jobs: { list: async () => jobs },
    });
    return seen.notes;
  };

  it.each([
    { name: 'none under another name', jobs: [jobOf(one), jobOf(two)], told: [] },
    {
      name: 'one',
      jobs: [jobOf(one, { group: 'before' }), jobOf(two)],
      told: [
        'Group "builds" goes on with 1 runner that was made for "before": its scope and labels are the same, so nothing has to be done.',
      ],
    },
    {
      name: 'several, of several names',
      jobs: [jobOf(one, { group: 'later' }), jobOf(two, { group: 'before' }), jobOf(three, { group: 'later' })],
      told: [
        'Group "builds" goes on with 3 runners that were made for "before", "later": its scope and labels are the same, so nothing has to be done.',
      ],
    },
  ])('that was renamed are told: $name', async ({ jobs, told }) => {
    expect(await notes([one, two, three], jobs)).toEqual(told);
  });

  it.each([
    { name: 'none', away: [], told: [] },
    {
      name: 'one',
      away: [one],
      told: [
        'Group "builds" has 1 Job in namespace web of cluster main, which is not its own: the Job stays there until its runner goes.',
      ],
    },
    {
      name: 'several, of which one has no registration any more',
      away: [one, two, runner({ uuid: '{gone}' })],
      told: [
        'Group "builds" has 3 Jobs in namespace web of cluster main, which is not its own: the Jobs stay there until their runners go.',
      ],
    },
  ])('whose Jobs are in another namespace are told: $name', async ({ away, told }) => {
    const { seen } = await look(fleet([builds, site]), {
      runners: { list: async ({ repository }) => (repository === undefined ? [one, two] : []) },
      jobs: { list: async ({ namespace }) => (namespace === 'web' ? away.map((entry) => jobOf(entry)) : []) },
    });
    expect(seen.notes).toEqual(told);
  });

  it.each([
    { name: 'none', more: [[]], told: [] },
    {
      name: 'one',
      more: [['x'], []],
      told: [
        'Bitbucket lists 1 runner of group "builds" with labels autoscaler.created, builds, linux, self.hosted, x instead of autoscaler.created, builds, linux, self.hosted: counted as the group\'s all the same; if its steps do not find them, give the group labels that Bitbucket keeps.',
      ],
    },
    {
      name: 'several, of several sets',
      more: [['x'], ['y'], ['x']],
      told: [
        'Bitbucket lists 3 runners of group "builds" with labels autoscaler.created, builds, linux, self.hosted, x | autoscaler.created, builds, linux, self.hosted, y instead of autoscaler.created, builds, linux, self.hosted: counted as the group\'s all the same; if its steps do not find them, give the group labels that Bitbucket keeps.',
      ],
    },
  ])('with other labels than were asked for are told: $name', async ({ more, told }) => {
    const listed = more.map((labels, index) => runner({ uuid: `{l${index}}`, labels: [...builds.labels, ...labels] }));
    expect(await notes(listed, [])).toEqual(told);
  });
});
