/**
 * Behaviour as it was recorded, byte for byte: reports, memory and calls of whole ticks, configurations, manifests, and
 * what `explain` says of ticks that an earlier version recorded. `record.ts` says when to record anew.
 */
import { describe, expect, it } from 'vitest';
import type { Counts, Decision } from '#core/model/decision.ts';
import { replay } from '#tools/inspect/replay.ts';
import { RECORDINGS, recorded, recordedTicks } from './recordings.ts';

describe('as recorded', () => {
  it.each(RECORDINGS)('$file', async ({ file, make }) => {
    const lines = await make();
    const before = recorded(file);
    const different = lines.findIndex((line, index) => line !== before[index]);
    // The first difference says more than thousands that follow from it.
    if (different >= 0) expect(parse(lines[different])).toEqual(parse(before[different]));
    expect(lines).toEqual(before);
  });
});

describe('tick records of the version before', () => {
  /** What was decided; sentences may have been reworded, and what else limits it may be told by now. */
  const told = ({ action, from, to, reason }: Pick<Decision, 'action' | 'from' | 'to' | 'reason'>, counts: Counts) => ({
    ...{ action, from, to, counts },
    code: reason.code,
  });

  it('are decided as they were then', () => {
    const groups = recordedTicks().flatMap((record) => {
      const decided = replay(record);
      return record.report.groups.map(({ name, decision, counts }) => {
        const now = decided.get(name)?.decided.decision;
        return { name, before: told(decision, counts), now: now && told(now, now.counts) };
      });
    });
    expect(groups.length).toBeGreaterThan(30);
    expect(groups.filter(({ before, now }) => JSON.stringify(before) !== JSON.stringify(now))).toEqual([]);
  });
});

function parse(line: string | undefined): unknown {
  return line === undefined ? undefined : JSON.parse(line);
}
