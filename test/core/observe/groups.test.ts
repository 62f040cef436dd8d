import { describe, expect, it } from 'vitest';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Runner, RunnerJob } from '#core/model/observation.ts';
import { fleet, group, jobOf, runner } from '#kit/fleet.ts';
import { manifestsFromTemplates } from '#manifests/render.ts';
import { builds, documents, fails, listing, look, SITE, tests } from './look.ts';

describe('runners and Jobs of a group', () => {
  it('are those with its labels, or its name and more labels, and the Jobs behind them, whatever group these were made for', async () => {
    const mine = runner({ labels: builds.labels });
    const theirs = runner({ labels: tests.labels });
    const more = runner({ labels: [...builds.labels, 'xtra'] });
    const jobs = [jobOf(mine, { group: 'renamed' }), jobOf(theirs, { group: 'tests' })];
    const { seen } = await look(fleet([builds, tests]), {
      runners: listing({ acme: [theirs, mine, more] }),
      jobs: { list: async () => jobs },
    });
    expect(seen.groups.map((entry) => entry.runners)).toEqual([[mine, more], [theirs]]);
    expect(seen.groups.map((entry) => entry.jobs)).toEqual([jobs.slice(0, 1), jobs.slice(1)]);
    expect(seen.groups.map((entry) => entry.orphanJobs)).toEqual([[], []]);
  });

  it('are in the order of the list of runners, and a runner may have no Job', async () => {
    const runners = [runner(), runner(), runner({ name: 'no Job' }), runner()];
    const [first, second, , last] = runners.map((owner) => jobOf(owner));
    const jobs = [first, second, last].filter((job) => job !== undefined);
    const { seen } = await look(fleet([builds]), {
      runners: listing({ acme: runners }),
      jobs: { list: async () => jobs.toReversed() },
    });
    expect(seen.groups[0]).toMatchObject({ runners, jobs });
  });

  it('what they are made from is stamped only where a change of it replaces them', async () => {
    const renewed = group({ name: 'renewed', recycle: { onChange: true } });
    const used = group({ name: 'used', recycle: { afterSteps: 1 } });
    const { seen } = await look(fleet([builds, renewed, used]));
    const [plain, stamped, other] = seen.groups;
    expect(stamped?.fingerprint).toBe(manifestsFromTemplates.fingerprint(renewed));
    expect(plain).not.toHaveProperty('fingerprint');
    expect(other).not.toHaveProperty('fingerprint');
    expect(plain).not.toHaveProperty('memoryKey');
  });

  it('the deployment has the name that it was given, if any', async () => {
    const named = await look(fleet([builds]), documents({ deployment: { version: 1, value: { id: 'here' } } }));
    const nameless = await look(fleet([builds]));
    expect(named.seen.deployment).toBe('here');
    expect(nameless.seen).not.toHaveProperty('deployment');
  });

  it('memory comes with the version that it was read at', async () => {
    const memory = { idleSince: { '{a}': 1 }, drainingSince: {} };
    const { seen } = await look(fleet([builds, tests]), documents({ 'group/tests': { version: 9, value: memory } }));
    expect(seen.groups.map((entry) => [entry.memory, entry.memoryVersion])).toEqual([
      [{ idleSince: {}, drainingSince: {} }, 0],
      [memory, 9],
    ]);
  });

  it('memory that cannot be read as such is forgotten and will be replaced', async () => {
    const { seen } = await look(
      fleet([builds]),
      documents({ 'group/builds': { version: 9, value: 'garbage' }, 'scope/acme': { version: 3, value: 7 } }),
    );
    expect(seen.groups[0]).toMatchObject({ memory: { idleSince: {} }, memoryVersion: 9, missing: [] });
    expect(seen.scopeMemory[0]?.version).toBe(3);
  });
});

describe('orphan Jobs', () => {
  const acme = { workspaceUuid: '{acme}' };
  const inSite = { workspaceUuid: '{acme}', repositoryUuid: '{site}' };
  const gone = runner({ uuid: '{gone}' });

  type Row = {
    readonly name: string;
    readonly group?: RunnerGroup;
    readonly job: Partial<RunnerJob>;
    readonly registered?: readonly Runner[];
    readonly orphan: boolean;
  };

  it.each<Row>([
    { name: 'made for this group and scope, registration gone', job: { identity: acme }, orphan: true },
    { name: 'its registration is there', job: { identity: acme }, registered: [gone], orphan: false },
    {
      name: 'the group was relabelled: the registration is there, with other labels',
      job: { identity: acme },
      registered: [{ ...gone, labels: ['old'] }],
      orphan: false,
    },
    { name: 'made for another group', job: { identity: acme, group: 'tests' }, orphan: false },
    { name: 'the group moved to another workspace', job: { identity: { workspaceUuid: '{old}' } }, orphan: false },
    { name: 'the group moved from a repository to its workspace', job: { identity: inSite }, orphan: false },
    {
      name: 'the group moved from its workspace to a repository',
      group: group({ scope: SITE }),
      job: { identity: acme },
      orphan: false,
    },
    {
      name: 'made for this group and repository',
      group: group({ scope: SITE }),
      job: { identity: inSite },
      orphan: true,
    },
    {
      name: 'the group moved to another repository',
      group: group({ scope: { workspace: 'acme', repository: 'shop' } }),
      job: { identity: inSite },
      orphan: false,
    },
  ])('$name: $orphan', async ({ group: configured = builds, job, registered = [], orphan }) => {
    const { seen } = await look(fleet([configured]), {
      runners: { list: async () => registered },
      jobs: { list: async () => [jobOf(gone, job)] },
    });
    expect(seen.groups[0]?.orphanJobs.map(({ runnerUuid }) => runnerUuid)).toEqual(orphan ? ['gone'] : []);
  });

  it('a Job whose labels were taken away is left alone', async () => {
    const { identity: _, ...unlabelled } = jobOf(gone);
    const { seen } = await look(fleet([builds]), { jobs: { list: async () => [unlabelled] } });
    expect(seen.groups[0]?.orphanJobs).toEqual([]);
  });

  it('without the uuid of its scope no Job is one', async () => {
    const { seen } = await look(fleet([builds]), {
      runners: { identify: fails('503') },
      jobs: { list: async () => [jobOf(gone)] },
    });
    expect(seen.groups[0]?.orphanJobs).toEqual([]);
  });

  it('without the list of its scope no Job is one, though the uuid is remembered', async () => {
    const remembered = { identity: { workspaceUuid: '{acme}' }, stepSeen: true };
    const { seen } = await look(fleet([builds]), {
      ...documents({ 'scope/acme': { value: remembered, version: 1 } }),
      runners: { list: fails('503') },
      jobs: { list: async () => [jobOf(gone)] },
    });
    expect(seen.groups[0]).toMatchObject({ identity: { workspaceUuid: '{acme}' }, orphanJobs: [] });
  });
});
