/**
 * A recorded tick, decided once more: the observation is all that a decision rests on, so the decider of the version
 * that recorded it gives the same again, and a later one shows what it would do differently.
 */
import { decide, type GroupDecision } from '#core/decide/decide.ts';
import type { GroupReport, TickRecord } from '#core/model/report.ts';

/** What the present decider makes of a group that was looked at then. */
type Replay = {
  readonly decided: GroupDecision;
  /** Whether it comes to the recorded decision: action, numbers and reason. */
  readonly isSame: boolean;
};

/**
 * Decides the recorded observation again. Gives the groups by name; throws when the record is of a version whose
 * observations this decider cannot read.
 */
export function replay({ report, observation }: TickRecord): ReadonlyMap<string, Replay> {
  const recorded = new Map(report.groups.map((group) => [group.name, group]));
  return new Map(
    decide(observation).map((decided) => {
      const { name } = decided.observation.group;
      const before = recorded.get(name);
      return [name, { decided, isSame: before !== undefined && isSameDecision(decided, before) }];
    }),
  );
}

function isSameDecision({ decision }: GroupDecision, { decision: before, bounds }: GroupReport): boolean {
  return (
    decision.action === before.action &&
    decision.from === before.from &&
    decision.to === before.to &&
    decision.reason.text === before.reason.text &&
    decision.bounds.map(({ text }) => text).join('\n') === bounds.map(({ text }) => text).join('\n')
  );
}
