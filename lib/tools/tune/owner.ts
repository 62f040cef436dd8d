/** Which steps a group is tuned for: each step has one group, as when the queue is counted. Pure. */

import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { type Arrival, mayRun } from '../laboratory/arrival.ts';

/**
 * Tells the steps that are the group's: those that it can run and that suit no other group better. The one with the fewest
 * labels suits best, then a repository's before a workspace's, then the first in the configuration.
 */
export function stepsOf(fleet: Fleet, group: RunnerGroup): (arrival: Arrival) => boolean {
  const bySuitability = [...fleet.groups].sort(
    (a, b) => a.labels.length - b.labels.length || ownRepository(b) - ownRepository(a),
  );
  const known = new Map<string, boolean>();
  return (arrival) => {
    const key = JSON.stringify([arrival.scope.workspace, arrival.scope.repository, arrival.labels]);
    const isKnown = known.get(key);
    if (isKnown !== undefined) return isKnown;
    const isOwn = bySuitability.find((other) => mayRun(arrival, other))?.name === group.name;
    known.set(key, isOwn);
    return isOwn;
  };
}

function ownRepository({ scope }: RunnerGroup): number {
  return scope.repository === undefined ? 0 : 1;
}
