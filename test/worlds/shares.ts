/** What each group should have of a cap while all of them want as much as they may. Nothing of the product is used. */
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import type { Registered } from '#tools/simulator/registrations.ts';
import { isOf, type Share } from './judge.ts';

/** What is left of a registration: its scope, and the name of its group. */
export type Adrift = Pick<Registered, 'scope' | 'name'>;

/** A group's claim: at least `min`, at most `max`; its `weight` divides six. */
type Claim = { readonly min: number; readonly max: number; readonly weight: number };

/**
 * Weighted max–min fairness between claims, in whole runners, of which who has the fewest for its weight gets the next: the
 * highest level that fits, to which all are filled. Nobody has a share where not even all `min` fit.
 */
export function levelShares(claims: readonly Claim[], places: number): readonly number[] {
  const at = (level: number) =>
    claims.map(({ min, max, weight }) => Math.min(max, Math.max(min, Math.ceil((level * weight) / 6))));
  const total = (level: number) => at(level).reduce((sum, one) => sum + one, 0);
  if (total(0) > places) return claims.map(() => 0);
  const highest = 6 * Math.max(0, ...claims.map(({ max }) => max));
  let level = 0;
  while (level < highest && total(level + 1) <= places) level += 1;
  return at(level);
}

/**
 * Every reachable group with its share of its workspace's cap, and how many runners it has in service. `adrift`: those
 * whose registration is gone with its repository, while their Job is there; each takes a place, and one of its group's `max`.
 */
export function sharesIn(
  { groups, workspaces }: Fleet,
  registered: readonly Readonly<Registered>[],
  isReachable: (group: RunnerGroup) => boolean,
  adrift: readonly Adrift[] = [],
): readonly Share[] {
  return Object.entries(workspaces).flatMap(([workspace, { maxRunners, concurrencyLimit }]) => {
    const members = groups.filter((group) => group.scope.workspace === workspace && isReachable(group));
    const inWorkspace = registered.filter(({ scope }) => scope.workspace === workspace);
    const isMembers = (entry: Readonly<Registered>) => members.some((group) => isOf(group, entry));
    const jobs = adrift.filter(({ scope }) => scope.workspace === workspace).length;
    const others = inWorkspace.filter((entry) => !isMembers(entry)).length + jobs;
    const has = (group: RunnerGroup) =>
      inWorkspace.filter((entry) => isOf(group, entry) && entry.status !== 'DISABLED').length;
    const claimOf = (group: RunnerGroup): Claim => {
      const { min: least, weight } = group;
      const max = group.max - adrift.filter(({ name }) => name === group.name).length;
      const min = Math.min(least, max);
      const isAwake = has(group) > 0 || wakes(group);
      // Nobody makes room for others under a limit on steps.
      const most = concurrencyLimit === undefined ? max : Math.min(max, Math.max(1, min));
      return { min, max: isAwake ? most : min, weight };
    };
    const shares = levelShares(members.map(claimOf), maxRunners - others);
    return members.map((group, index) => ({ name: group.name, share: shares[index] ?? 0, has: has(group) }));
  });
}

/** Whether a group that has no runner wants one: a share of none is none. */
function wakes({ strategy }: RunnerGroup): boolean {
  return strategy.kind !== 'percentageRunnersIdle';
}
