/**
 * Whose seats those of a cap are, when the groups under it want more than there are. Each group's share is what weighted
 * max–min fairness gives it of all seats that the groups hold or can get, its `min` first. A group below its share gets
 * room as it comes, and what does not come by itself is made by groups above theirs: they take runners out of service,
 * which finish their steps and go. Pure.
 */
import type { Instant, Runner, SeenGroup } from '../model/observation.ts';
import { type Reason, reason } from '../reasons.ts';
import { type ClassifiedGroup, isOutOfService } from './classify.ts';
import { type Retirement, spareOf } from './retirement.ts';
import { shareOut } from './share-out.ts';

/** A group before the caps: what it has, and what its own limits leave of what it wants. */
export type Claimant = ClassifiedGroup<SeenGroup> & {
  /** Busy, idle and starting. */
  readonly working: number;
  /** How many runners to add on this tick. */
  readonly creates: number;
  /** How many to add in the end, beyond the pace of one tick. */
  readonly due: number;
  /** Which runners to put back into service. */
  readonly enable: readonly Runner[];
  /** Which runners to take out of service. */
  readonly retire: readonly Retirement[];
  readonly bounds: readonly Reason[];
};

/** The seats of a cap, and which runners hold one. */
export type Seats = { readonly cap: number; readonly isHeldBy: (runner: Runner) => boolean };

/** What a cap's seats come to for one group. */
export type Share = {
  /** How many runners it may still add, now or when there is room. */
  readonly missing: number;
  /** Those that make room for others. */
  readonly gives: readonly Retirement[];
  /** Where it is below its share: by how much, and who makes room. */
  readonly bound?: Reason;
};

/** How many runners of the group stay at work. */
export function countStaying({ working, enable, retire }: Claimant): number {
  return working + enable.length - retire.length;
}

/** Every member's share of a cap, of which `room` is free now: negative where there is more than it allows. */
export function sharesOf(
  members: readonly Claimant[],
  room: number,
  { cap, isHeldBy }: Seats,
  at: Instant,
): readonly Share[] {
  // Stryker disable next-line ArrowFunction,ConditionalExpression,EqualityOperator: only faster.
  if (sum(members.map(({ due }) => due)) <= room) return members.map(({ due }) => ({ missing: due, gives: [] }));
  // What drains makes room when it goes, so that no second look asks for it again.
  const coming = sum(members.map((member) => leavingIn(member).filter(isHeldBy).length));
  const shares = fairShares(members, room + coming + sum(members.map(countStaying)));
  const stakes = members.map((member, index) => {
    const share = shares[index] ?? 0;
    const has = countStaying(member);
    const spare = spareOf(member, member.retire, at).slice(0, Math.max(0, has - share));
    return { name: member.observation.group.name, share, has, missing: Math.max(0, share - has), spare };
  });
  const missing = sum(stakes.map((stake) => stake.missing));
  const needed = missing === 0 ? 0 : missing - room - coming;
  // In turn, from who has most.
  const given = shareOut(
    stakes.map(({ spare, has }) => ({ wanted: spare.length, weight: 1, working: -has })),
    needed,
  );
  const names = (isOne: (index: number) => boolean) =>
    stakes.flatMap(({ name }, index) => (isOne(index) ? [name] : [])).join(', ');
  // Stryker disable next-line OptionalChaining: each has one; only the compiler does not know.
  const to = names((index) => (stakes[index]?.missing ?? 0) > 0);
  const from = names((index) => (given[index] ?? 0) > 0);
  return stakes.map(({ share, has, missing, spare }, index) => ({
    missing,
    gives: spare.slice(0, given[index]).map((runner) => ({ runner, reason: reason('shared', { to, cap }) })),
    bound: reason('below-share', { cap, share, working: has, coming: coming + sum(given), from }),
  }));
}

/**
 * Weighted max–min over what the groups have or want. Of equals, who has more comes first: a runner that would only go
 * back and forth stays where it is.
 */
function fairShares(members: readonly Claimant[], seats: number): readonly number[] {
  const claims = members.map((member) => {
    const { weight, min, max } = member.observation.group;
    const has = countStaying(member);
    // What is above a `max` that was lowered is nobody's share.
    return { wanted: Math.min(has + member.due, max), weight, working: -has, min };
  });
  const least = shareOut(
    claims.map((claim) => ({ ...claim, wanted: Math.min(claim.wanted, claim.min) })),
    seats,
  );
  return shareOut(claims, seats - sum(least), least);
}

/** Runners whose seats come free without anybody's doing. */
function leavingIn({ classified, enable, retire }: Claimant): readonly Runner[] {
  const retired = retire.map(({ runner }) => runner);
  return classified.flatMap((entry) => {
    const leaves = entry.class === 'dead' || isOutOfService(entry.runner) || retired.includes(entry.runner);
    return leaves && !enable.includes(entry.runner) ? [entry.runner] : [];
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
