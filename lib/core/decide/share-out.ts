/** Sharing what several groups want and only some of which is there. Pure. */

/** What a group asks for, what it counts for beside others, and how many working runners it has. */
export type Demand = { readonly wanted: number; readonly weight: number; readonly working: number };

/**
 * Gives `room` away, one runner at a time, always to the group that has got the fewest for its weight (weighted max–min
 * fairness). So nobody gets a second runner before everybody has a first. Between groups that have got the same, the one
 * with the fewest working runners for its weight comes first, then the first in the list. `before`: what each has got
 * already, of room that is no longer there.
 */
export function shareOut(demands: readonly Demand[], room: number, before: readonly number[] = []): readonly number[] {
  const shares = demands.map((_, index) => before[index] ?? 0);
  const got = (index: number) => shares[index] ?? 0;
  for (let left = room; left > 0; left -= 1) {
    const next = demands
      .map((demand, index) => ({ ...demand, index }))
      .filter(({ wanted, index }) => got(index) < wanted)
      .sort((a, b) => got(a.index) * b.weight - got(b.index) * a.weight || byNeed(a, b))[0];
    if (next === undefined) break;
    shares[next.index] = got(next.index) + 1;
  }
  return shares;
}

function byNeed(a: Demand, b: Demand): number {
  return a.working * b.weight - b.working * a.weight;
}
