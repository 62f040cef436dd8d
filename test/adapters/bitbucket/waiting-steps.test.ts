import { describe, expect, it } from 'vitest';
import type { SeenStep } from '#adapters/bitbucket/pipeline-answers.ts';
import type { YamlStep } from '#adapters/bitbucket/sections.ts';
import { countWaiting, mayWait } from '#adapters/bitbucket/waiting-steps.ts';

/** `name STATE`, with `manual` and `held` where it is so. */
function seen(...lines: readonly string[]): readonly SeenStep[] {
  return lines.map((line) => {
    const [name = '', state = '', ...marks] = line.split(' ');
    return {
      ...(name === '-' ? {} : { name }),
      state,
      isManual: marks.includes('manual'),
      isHeld: marks.includes('held'),
    };
  });
}

/** `name block labels…`. */
function written(...lines: readonly string[]): readonly YamlStep[] {
  return lines.map((line) => {
    const [name = '', block = '', ...labels] = line.split(' ');
    return { ...(name === '-' ? {} : { name }), block: Number(block), labels };
  });
}

const THREE = written('a 0 linux', 'b 1 linux', 'c 2 windows');
const BESIDE = written('a 0 linux', 'b 1 linux', 'c 1 linux', 'd 1 windows', 'e 2 linux');

describe('steps that wait', () => {
  type Row = {
    readonly name: string;
    readonly seen: readonly SeenStep[];
    readonly written: readonly YamlStep[];
    /** Steps by labels. */
    readonly waiting: Readonly<Record<string, number>>;
    readonly unknown?: number;
  };

  const ROWS: readonly Row[] = [
    { name: 'ready', seen: seen('a READY', 'b PENDING', 'c PENDING'), written: THREE, waiting: { linux: 1 } },
    {
      name: 'pending, and the first',
      seen: seen('a PENDING', 'b PENDING', 'c PENDING'),
      written: THREE,
      waiting: { linux: 1 },
    },
    {
      name: 'pending, and its turn',
      seen: seen('a COMPLETED', 'b COMPLETED', 'c PENDING'),
      written: THREE,
      waiting: { windows: 1 },
    },
    {
      name: 'pending behind one that runs',
      seen: seen('a IN_PROGRESS', 'b PENDING', 'c PENDING'),
      written: THREE,
      waiting: {},
    },
    {
      name: 'pending behind one that waits for a person',
      seen: seen('a COMPLETED', 'b PENDING manual', 'c PENDING'),
      written: THREE,
      waiting: {},
    },
    { name: 'held', seen: seen('a READY held', 'b PENDING held', 'c READY held'), written: THREE, waiting: {} },
    {
      name: 'started by hand and ready',
      seen: seen('a COMPLETED', 'b READY manual', 'c PENDING'),
      written: THREE,
      waiting: { linux: 1 },
    },
    {
      name: 'a state that nobody knows counts neither as waiting nor as completed',
      seen: seen('a HIBERNATING', 'b PENDING', 'c PENDING'),
      written: THREE,
      waiting: {},
    },
    {
      name: 'beside one that runs, and beside one that is completed',
      seen: seen('a COMPLETED', 'b IN_PROGRESS', 'c PENDING', 'd PENDING', 'e PENDING'),
      written: BESIDE,
      waiting: { linux: 1, windows: 1 },
    },
    {
      name: 'all beside each other',
      seen: seen('a COMPLETED', 'b PENDING', 'c READY', 'd COMPLETED', 'e PENDING'),
      written: BESIDE,
      waiting: { linux: 2 },
    },
    {
      name: 'none of a parallel set behind one that runs',
      seen: seen('a IN_PROGRESS', 'b PENDING', 'c PENDING', 'd PENDING', 'e PENDING'),
      written: BESIDE,
      waiting: {},
    },
    {
      name: "on Bitbucket's own machines",
      seen: seen('a READY', 'b PENDING'),
      written: written('a 0', 'b 1 linux'),
      waiting: {},
    },
    {
      name: 'without names, by position',
      seen: seen('- COMPLETED', '- READY'),
      written: written('- 0 linux', '- 1 windows'),
      waiting: { windows: 1 },
    },
    {
      name: 'one of the two without a name, by position',
      seen: seen('x COMPLETED', '- READY'),
      written: written('- 0 linux', 'b 1 windows'),
      waiting: { windows: 1 },
    },
    {
      name: 'the same name twice, in order',
      seen: seen('x COMPLETED', 'a COMPLETED', 'a READY'),
      written: written('a 0 linux', 'a 1 windows'),
      waiting: { windows: 1 },
    },
    {
      name: 'fewer than in the file: by name',
      seen: seen('b COMPLETED', 'c READY'),
      written: THREE,
      waiting: { windows: 1 },
    },
    {
      name: 'names that moved: by name',
      seen: seen('c COMPLETED', 'b COMPLETED', 'a READY'),
      written: THREE,
      waiting: { linux: 1 },
    },
    {
      name: 'not in the file: unknown, and a block of its own',
      seen: seen('x COMPLETED', 'y PENDING', 'z PENDING', 'c PENDING'),
      written: THREE,
      waiting: {},
      unknown: 1,
    },
    {
      name: 'without a name where names are needed: unknown',
      seen: seen('- READY', 'b PENDING'),
      written: THREE,
      waiting: {},
      unknown: 1,
    },
  ];

  it.each(ROWS)('$name', ({ seen: steps, written: file, waiting, unknown = 0 }) => {
    const found = countWaiting(steps, file);
    expect(Object.fromEntries(found.waiting.map((entry) => [entry.labels.join(' '), entry.steps]))).toEqual(waiting);
    expect(found.unknown).toBe(unknown);
  });

  it.each<[may: boolean, steps: readonly SeenStep[]]>([
    [true, seen('a COMPLETED', 'b READY')],
    [true, seen('a IN_PROGRESS', 'b PENDING')],
    [false, seen('a IN_PROGRESS', 'b PENDING manual')],
    [false, seen('a COMPLETED', 'b PENDING held')],
    [false, seen('a IN_PROGRESS')],
    [false, []],
  ])('says %s before the file is read', (may, steps) => {
    expect(mayWait(steps)).toBe(may);
  });
});
