import { describe, expect, it } from 'vitest';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Runner, RunnerJob } from '#core/model/observation.ts';
import { type Belongings, sortOut } from '#core/observe/belonging.ts';
import { group, jobOf, runner } from '#kit/fleet.ts';

const ACME = { workspaceUuid: '{acme}' };
const MAIN = { cluster: 'main', namespace: 'runners' };
const WEB = { cluster: 'main', namespace: 'web' };
const builds = group();
const tests = group({ name: 'tests' });
const moved = group({ name: 'moved', namespace: 'web' });

type Role =
  | 'runner'
  | 'runner with its Job'
  | 'runner with its Job elsewhere'
  | 'Job without a runner'
  | 'Job elsewhere without a runner';

type Row = {
  readonly name: string;
  readonly groups?: readonly RunnerGroup[];
  readonly runner?: Partial<Runner>;
  /** The Job behind it, with what is stamped on it. */
  readonly job?: Partial<RunnerJob>;
  readonly namespace?: typeof MAIN;
  /** Whether the runner is in the list. */
  readonly listed?: false;
  readonly mayHave?: (group: RunnerGroup) => boolean;
  readonly areJobsRead?: false;
  /** The name of the group that was known to have it. */
  readonly had?: string;
  /** The group that has it, and as what; absent: nobody. */
  readonly owner?: readonly [group: string, as: Role];
  /** The group that may have it, for all that anybody knows. */
  readonly doubted?: string;
};

const XTRA = [...builds.labels, 'xtra'];

const ROWS: readonly Row[] = [
  { name: 'its labels are the group’s', owner: ['builds', 'runner'] },
  { name: 'its labels are nobody’s', runner: { labels: ['self.hosted'], name: 'x' } },
  { name: 'Bitbucket added a label: the name tells', runner: { labels: XTRA }, owner: ['builds', 'runner'] },
  { name: 'more labels, and the name of no group', runner: { labels: XTRA, name: 'x' } },
  { name: 'a label is missing, whatever the name', runner: { labels: builds.labels.slice(0, -1) } },
  {
    name: 'a label is missing, but the name fits, and nothing has ever run behind it',
    runner: { labels: builds.labels.slice(0, -1), status: 'UNREGISTERED' },
    owner: ['builds', 'runner'],
  },
  {
    name: 'labels in capitals, and nothing has ever run behind it',
    runner: { labels: builds.labels.map((label) => label.toUpperCase()), status: 'UNREGISTERED' },
    owner: ['builds', 'runner'],
  },
  {
    name: '… while some Jobs could not be read, of which one may be its own',
    runner: { labels: builds.labels.slice(0, -1), status: 'UNREGISTERED' },
    areJobsRead: false,
    doubted: 'builds',
  },
  {
    name: '… while some Jobs could not be read, and its own was, with labels of nobody',
    runner: { labels: builds.labels.slice(0, -1), status: 'UNREGISTERED' },
    job: { labels: ['old'] },
    areJobsRead: false,
  },
  {
    name: 'its labels are the group’s, nothing has ever run behind it, and some Jobs could not be read',
    runner: { status: 'UNREGISTERED' },
    areJobsRead: false,
    owner: ['builds', 'runner'],
  },
  { name: '… without our mark', runner: { labels: builds.labels.slice(1), status: 'UNREGISTERED' } },
  { name: '… with another name', runner: { labels: builds.labels.slice(0, -1), status: 'UNREGISTERED', name: 'x' } },
  {
    name: '… with a Job of before labels were written down',
    runner: { labels: builds.labels.slice(0, -1), status: 'UNREGISTERED' },
    job: {},
  },
  {
    name: 'labels come before the name',
    runner: { labels: tests.labels, name: 'builds' },
    owner: ['tests', 'runner'],
  },
  {
    name: 'labels that are nobody’s, but it was known before, and its Job is gone',
    runner: { labels: ['self.hosted'], name: 'x' },
    had: 'tests',
    owner: ['tests', 'runner'],
  },
  {
    name: 'labels that are nobody’s here, and known before in another scope',
    groups: [builds, { ...tests, scope: { workspace: 'acme', repository: 'site' } }],
    runner: { labels: ['self.hosted'], name: 'x' },
    had: 'tests',
  },
  { name: 'labels come before what was known', had: 'tests', owner: ['builds', 'runner'] },
  {
    name: 'of two places with its labels the one that was known to have it, now that its Job is gone',
    groups: [builds, { ...moved, labels: builds.labels }],
    had: 'moved',
    owner: ['moved', 'runner'],
  },
  {
    name: 'what was known comes before the name',
    runner: { labels: XTRA },
    had: 'tests',
    owner: ['tests', 'runner'],
  },
  { name: 'the Job comes before what was known', job: { labels: ['old'] }, had: 'tests' },
  {
    name: 'the Job knows what was asked for',
    runner: { labels: ['whatever'], name: 'x' },
    job: { labels: builds.labels, group: 'renamed' },
    owner: ['builds', 'runner with its Job'],
  },
  {
    name: 'the Job says other labels than any group has: the list does not matter',
    job: { labels: ['old'] },
  },
  {
    name: 'a Job of before its labels were written down',
    job: { group: 'renamed' },
    owner: ['builds', 'runner with its Job'],
  },
  {
    name: 'its Job is in another namespace, and no group is there',
    job: { labels: builds.labels },
    namespace: WEB,
    owner: ['builds', 'runner with its Job elsewhere'],
  },
  {
    name: 'its Job is in another namespace, where another group has its labels',
    groups: [builds, { ...moved, labels: builds.labels }],
    job: { labels: builds.labels },
    namespace: WEB,
    owner: ['moved', 'runner with its Job'],
  },
  {
    name: 'a group that may not have it',
    mayHave: () => false,
  },
  {
    name: 'of two groups with its labels the first that may have it',
    groups: [{ ...tests, labels: builds.labels }, builds],
    mayHave: ({ name }) => name !== 'tests',
    owner: ['builds', 'runner'],
  },
  {
    name: 'a Job without a listed runner, by its labels',
    listed: false,
    job: { labels: builds.labels, group: 'renamed' },
    owner: ['builds', 'Job without a runner'],
  },
  { name: '… whose labels no group has', listed: false, job: { labels: ['old'] } },
  {
    name: '… of before labels were written down: by its group',
    listed: false,
    job: {},
    owner: ['builds', 'Job without a runner'],
  },
  { name: '… made for a group that is not here', listed: false, job: { group: 'gone' } },
  {
    name: '… in another namespace, and no group is there',
    listed: false,
    job: {},
    namespace: WEB,
    owner: ['builds', 'Job elsewhere without a runner'],
  },
  {
    name: '… in another namespace, where another group has its labels',
    groups: [builds, { ...moved, labels: builds.labels }],
    listed: false,
    job: { labels: builds.labels },
    namespace: WEB,
    owner: ['moved', 'Job without a runner'],
  },
  { name: '… of another workspace', listed: false, job: { identity: { workspaceUuid: '{other}' } } },
  {
    name: '… of a repository of the workspace',
    listed: false,
    job: { identity: { ...ACME, repositoryUuid: '{site}' } },
  },
  { name: '… that the group may not have', listed: false, job: {}, mayHave: () => false },
];

const ANY = { hadBy: () => [], mayHave: () => true, areJobsRead: true };

function sort({ groups = [builds, tests], job, namespace = MAIN, mayHave = () => true, ...row }: Row) {
  const one = runner({ uuid: '{one}', ...row.runner });
  const sorted = sortOut({
    groups,
    scopes: [{ key: 'acme', runners: row.listed === false ? [] : [one], identity: ACME }],
    namespaces: [{ namespace, listed: job === undefined ? [] : [jobOf(one, job)] }],
    known: {
      mayHave,
      hadBy: () => groups.filter(({ name }) => name === row.had),
      areJobsRead: row.areJobsRead ?? true,
    },
  });
  return {
    sorted,
    owners: groups.flatMap((each) => roleIn(sorted.of(each)).map((as) => [each.name, as])),
    doubted: groups.filter((each) => sorted.of(each).doubtful > 0).map(({ name }) => name),
  };
}

describe('whose a runner is', () => {
  it.each(ROWS)('$name', (row) => {
    const { sorted, owners, doubted } = sort(row);
    expect(owners).toEqual(row.owner === undefined ? [] : [row.owner]);
    expect(doubted).toEqual(row.doubted === undefined ? [] : [row.doubted]);
    const strays = [...sorted.strays[row.listed === false ? 'jobs' : 'runners']];
    expect(strays).toHaveLength(row.owner === undefined ? 1 : 0);
  });

  it('a scope whose uuids are not known has no Job without a runner', () => {
    const jobs = [jobOf(runner())];
    const sorted = sortOut({
      groups: [builds],
      scopes: [{ key: 'acme', runners: [], identity: undefined }],
      namespaces: [{ namespace: MAIN, listed: jobs }],
      known: ANY,
    });
    expect(sorted.of(builds).orphanJobs).toEqual([]);
    expect(sorted.strays.jobs).toMatchObject([{ namespace: MAIN, job: jobs[0] }]);
  });

  it('a Job that is listed under two names of one cluster is where the first list has it', () => {
    const one = runner();
    const before = group({ name: 'before', cluster: 'as it was' });
    const listed = [jobOf(one, { labels: builds.labels })];
    const sorted = sortOut({
      groups: [builds, { ...before, labels: builds.labels }],
      scopes: [{ key: 'acme', runners: [one], identity: ACME }],
      namespaces: [MAIN, { ...MAIN, cluster: 'as it was' }].map((namespace) => ({ namespace, listed })),
      known: ANY,
    });
    expect(sorted.of(builds)).toEqual({ runners: [one], jobs: listed, orphanJobs: [], doubtful: 0 });
  });

  const TWICE = [{ ...MAIN, cluster: 'first' }, MAIN];

  it.each([TWICE, TWICE.toReversed()])(
    'a Job of a cluster that is listed under two names is in its group’s (%#)',
    (...two) => {
      const one = runner();
      const listed = [jobOf(one, { labels: builds.labels })];
      const lists = { groups: [builds], namespaces: two.map((namespace) => ({ namespace, listed })), known: ANY };
      const seen = sortOut({ ...lists, scopes: [{ key: 'acme', runners: [one], identity: ACME }] });
      expect(seen.of(builds)).toMatchObject({ jobs: listed, orphanJobs: [] });
      const gone = sortOut({ ...lists, scopes: [{ key: 'acme', runners: [], identity: ACME }] });
      expect(gone.of(builds)).toMatchObject({ jobs: [], orphanJobs: listed });
    },
  );

  it('a Job of a cluster that is listed under two names is of the group there, though another has its labels, too', () => {
    const one = runner();
    const listed = [jobOf(one, { labels: builds.labels })];
    const sorted = sortOut({
      groups: [{ ...moved, labels: builds.labels }, builds],
      scopes: [{ key: 'acme', runners: [one], identity: ACME }],
      namespaces: TWICE.map((namespace) => ({ namespace, listed })),
      known: ANY,
    });
    expect(sorted.of(builds)).toMatchObject({ runners: [one], jobs: listed });
  });

  it('a Job elsewhere, of a cluster that is listed under two names, is one', () => {
    const twice = [WEB, { ...WEB, cluster: 'second' }];
    const listed = [jobOf(runner(), { labels: builds.labels })];
    const sorted = sortOut({
      groups: [builds],
      scopes: [{ key: 'acme', runners: [], identity: ACME }],
      namespaces: twice.map((namespace) => ({ namespace, listed })),
      known: ANY,
    });
    expect(sorted.of(builds).orphanJobs).toMatchObject([{ away: WEB }]);
  });

  it('a Job that is elsewhere says where, by names alone', () => {
    const one = runner();
    const namespace = { ...WEB, jobs: 'what else is known of it' };
    const sorted = sortOut({
      groups: [builds],
      scopes: [{ key: 'acme', runners: [one], identity: ACME }],
      namespaces: [{ namespace, listed: [jobOf(one, { labels: builds.labels })] }],
      known: ANY,
    });
    expect(sorted.of(builds).jobs).toEqual([jobOf(one, { labels: builds.labels, away: WEB })]);
  });

  it('a group that was not among them has nothing', () => {
    const sorted = sortOut({ groups: [], scopes: [], namespaces: [], known: ANY });
    expect(sorted.of(builds)).toEqual({ runners: [], jobs: [], orphanJobs: [], doubtful: 0 });
  });
});

function roleIn({ runners, jobs, orphanJobs }: Belongings): readonly Role[] {
  const [orphan] = orphanJobs;
  if (orphan !== undefined) return [orphan.away ? 'Job elsewhere without a runner' : 'Job without a runner'];
  if (runners.length === 0) return [];
  const [job] = jobs;
  if (job?.away !== undefined) return ['runner with its Job elsewhere'];
  return [job === undefined ? 'runner' : 'runner with its Job'];
}
