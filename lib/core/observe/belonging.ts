/** Whose every registration and every Job is. The list is a weak witness; the Jobs know what was asked for. Pure. */
import type { RunnerGroup } from '../model/configuration.ts';
import type { Runner, RunnerJob, ScopeIdentity } from '../model/observation.ts';
import type { Namespace } from '../ports.ts';
import { identityKey, labelSetKey, namespaceKey, scopeKey } from '../scope.ts';
import { bareUuid } from '../uuid.ts';

/** A scope that was listed, under its key. */
export type ListedScope = {
  readonly key: string;
  readonly runners: readonly Runner[];
  readonly identity: ScopeIdentity | undefined;
};

/** A namespace and the Jobs that were listed there. */
type ListedNamespace = { readonly namespace: Namespace; readonly listed: readonly RunnerJob[] };

/** What belongs to one group, in the order of the lists. */
export type Belongings = {
  readonly runners: readonly Runner[];
  /** The Jobs behind these runners, wherever they are listed. */
  readonly jobs: readonly RunnerJob[];
  /** Jobs of the group in its scope whose registration is not listed. */
  readonly orphanJobs: readonly RunnerJob[];
  /** How many registrations are nobody's, and may be the group's: only Jobs tell, and some could not be read. */
  readonly doubtful: number;
};

/** What belongs to nobody. */
export type Strays = {
  readonly runners: readonly { readonly scope: string; readonly runner: Runner }[];
  /** Jobs whose registration is not listed, or in no scope that was. */
  readonly jobs: readonly { readonly namespace: Namespace; readonly job: RunnerJob }[];
};

type PlacedJob = { readonly where: Namespace; readonly job: RunnerJob };

/** What is known of groups besides what is listed; uuids are without braces. */
export type Knowledge = {
  /** The groups that were known to have the runner at an earlier look. */
  readonly hadBy: (uuid: string) => readonly RunnerGroup[];
  /** Whether a group may have a runner, beyond that it fits; those that the configuration names may have any. */
  readonly mayHave: (group: RunnerGroup, uuid: string, job: RunnerJob | undefined) => boolean;
  /** Whether all Jobs could be listed, so that a runner without one has none. */
  readonly areJobsRead: boolean;
};

/** What there is to give, and to whom: groups that come first before others. */
type Lists = {
  readonly groups: readonly RunnerGroup[];
  readonly scopes: readonly ListedScope[];
  readonly namespaces: readonly ListedNamespace[];
  readonly known: Knowledge;
};

/**
 * Gives every registration and every Job to one of the groups.
 *
 * A runner belongs where its Job says: to the group in its scope with the labels that were asked for, in the Job's
 * namespace if there is one. Without a Job that says so, the labels that are listed decide, then what was known, or the
 * name that runners get from their group, if Bitbucket has only added labels or nothing has ever run behind the
 * registration. A Job without a listed registration belongs to the group with its labels, or its name where it carries
 * none, in its scope, and in its namespace if one is there.
 */
export function sortOut(lists: Lists): {
  readonly of: (group: RunnerGroup) => Belongings;
  readonly strays: Strays;
} {
  const index = indexOf(lists.groups);
  const placed = lists.namespaces.flatMap(({ namespace: where, listed }) => listed.map((job) => ({ where, job })));
  const sorted = sortRunners(lists, index, placed);
  const runners = Map.groupBy(sorted, ({ owner }) => owner);
  const doubtful = Map.groupBy(sorted, ({ doubtedOwner }) => doubtedOwner);
  const listed = new Set(lists.scopes.flatMap((scope) => scope.runners.map(({ uuid }) => bareUuid(uuid))));
  const orphans = placed.filter(({ job }) => !listed.has(job.runnerUuid));
  const jobs = Map.groupBy(sortJobs(lists, index, orphans), ({ owner }) => owner);
  return {
    of: (group) => {
      const own = runners.get(group) ?? [];
      return {
        runners: own.map(({ runner }) => runner),
        jobs: own.flatMap(({ placed }) => (placed === undefined ? [] : [seenFrom(group, placed)])),
        orphanJobs: jobs.get(group)?.map(({ job }) => job) ?? [],
        doubtful: doubtful.get(group)?.length ?? 0,
      };
    },
    strays: { runners: runners.get(undefined) ?? [], jobs: jobs.get(undefined) ?? [] },
  };
}

/** Finds groups without asking every one of them. */
type Index = ReturnType<typeof indexOf>;

function indexOf(groups: readonly RunnerGroup[]) {
  const byLabels = Map.groupBy(groups, labelSetKey);
  const byName = Map.groupBy(groups, ({ scope, name }) => `${scopeKey(scope)} ${name}`);
  return {
    withLabels: (scope: string, labels: readonly string[]) => byLabels.get(`${scope} ${labels.join(' ')}`) ?? [],
    called: (scope: string, name: string) => byName.get(`${scope} ${name}`) ?? [],
  };
}

/** Every registration with its owner. */
function sortRunners(lists: Lists, index: Index, placedJobs: readonly PlacedJob[]) {
  const candidatesOf = candidatesIn(lists, index);
  const jobs = Map.groupBy(placedJobs, ({ job }) => job.runnerUuid);
  return lists.scopes.flatMap(({ key: scope, runners }) =>
    runners.map((runner) => {
      const uuid = bareUuid(runner.uuid);
      // One cluster may be listed under two names, as it was reached before and as it is now: the owner's list counts.
      const places = jobs.get(uuid) ?? [];
      const [first] = places;
      const able = candidatesOf(scope, runner, first).filter((group) => lists.known.mayHave(group, uuid, first?.job));
      const owner = able.find((group) => places.some(isIn(group))) ?? able[0];
      const placed = (owner && places.find(isIn(owner))) ?? first;
      const isDoubtful = owner === undefined && placed === undefined && !lists.known.areJobsRead && isHalfMade(runner);
      const doubtedOwner = isDoubtful ? index.called(scope, runner.name)[0] : undefined;
      return { owner, doubtedOwner, scope, runner, placed };
    }),
  );
}

function isIn(group: RunnerGroup): (placed: PlacedJob) => boolean {
  const here = namespaceKey(group);
  return ({ where }) => namespaceKey(where) === here;
}

/** The Job of a runner of the group. One that is elsewhere says where, so that its log is asked and it is removed there. */
function seenFrom(group: RunnerGroup, placed: PlacedJob): RunnerJob {
  const { where, job } = placed;
  return isIn(group)(placed) ? job : { ...job, away: { cluster: where.cluster, namespace: where.namespace } };
}

/** Every Job without a listed registration, with its owner: in its namespace if one is there, and else in its scope. */
function sortJobs({ scopes, known }: Lists, index: Index, orphans: readonly PlacedJob[]) {
  const keys = new Map(scopes.flatMap(({ key, identity }) => (identity ? [[identityKey(identity), key]] : [])));
  const ownersOf = ({ job }: PlacedJob) => {
    const scope = job.identity && keys.get(identityKey(job.identity));
    // Stryker disable next-line ConditionalExpression: no group is in a scope without a name; only the compiler does not know.
    if (scope === undefined) return [];
    const able = job.labels === undefined ? index.called(scope, job.group) : index.withLabels(scope, job.labels);
    return able.filter((group) => known.mayHave(group, job.runnerUuid, job));
  };
  const sorted = orphans.map((placed) => {
    const able = ownersOf(placed);
    return { placed, here: able.find((group) => isIn(group)(placed)), able };
  });
  const byRunner = Map.groupBy(sorted, ({ placed }) => placed.job.runnerUuid);
  return sorted.map((entry) => {
    const { placed, here, able } = entry;
    // A Job of a cluster that is listed under two names is one Job.
    // Stryker disable next-line ArrayDeclaration: each is among them; only the compiler does not know.
    const same = byRunner.get(placed.job.runnerUuid) ?? [];
    const isTheOne = entry === (same.find((one) => one.here !== undefined) ?? same[0]);
    const owner = here ?? (isTheOne ? able[0] : undefined);
    return { owner, namespace: placed.where, job: owner === undefined ? placed.job : seenFrom(owner, placed) };
  });
}

/** Finds the groups that a runner of a scope fits, the likeliest first. */
function candidatesIn({ known }: Lists, index: Index) {
  return (scope: string, runner: Runner, placed: PlacedJob | undefined): readonly RunnerGroup[] => {
    const asked = placed?.job.labels;
    const alike = index.withLabels(scope, asked ?? runner.labels);
    if (asked !== undefined) return alike;
    const before = known.hadBy(bareUuid(runner.uuid)).filter((group) => scopeKey(group.scope) === scope);
    const named = index.called(scope, runner.name);
    // Of places with the same labels the one that had it: only there is it known that its Job, which is gone, was there.
    const had = before.filter((group) => alike.includes(group));
    const isJobless = known.areJobsRead && placed === undefined;
    return [...had, ...alike, ...before, ...named.filter(({ labels }) => isLike(labels, runner, isJobless))];
  };
}

/** Bitbucket may give other labels than those that it was asked for. */
function isLike(labels: readonly string[], runner: Runner, isJobless: boolean): boolean {
  return (isJobless && isHalfMade(runner)) || labels.every((label) => runner.labels.includes(label));
}

/** One that carries our mark and never connected is, without a Job, what a tick left that was killed before it made one. */
function isHalfMade({ status, labels }: Runner): boolean {
  return status === 'UNREGISTERED' && labels.some(isOurMark);
}

function isOurMark(label: string): boolean {
  return label.toLowerCase() === 'autoscaler.created';
}
