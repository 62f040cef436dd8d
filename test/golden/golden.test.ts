/**
 * Behaviour as it was recorded, byte for byte: reports, memory and calls of whole ticks, configurations, manifests, and
 * what `explain` says of ticks that an earlier version recorded. `record.ts` says when to record anew.
 */
import { describe, expect, it } from 'vitest';
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
  it('are decided as they were then', () => {
    const decided = recordedTicks().flatMap((record) => [...replay(record).values()]);
    expect(decided.length).toBeGreaterThan(30);
    expect(decided.filter(({ isSame }) => !isSame)).toEqual([]);
  });
});

function parse(line: string | undefined): unknown {
  return line === undefined ? undefined : JSON.parse(line);
}
