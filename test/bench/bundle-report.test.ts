import { describe, expect, it } from 'vitest';
import { kibibytes, reach, sizeOf } from '../../bench/bundle-report.ts';
import { median } from '../../bench/median.ts';

type Outputs = Parameters<typeof reach>[0];
type Import = { readonly path: string; readonly kind: 'import-statement' | 'dynamic-import'; readonly external?: true };

function output(bytes: number, ...imports: Import[]): Outputs[string] {
  return { bytes, imports: [...imports], inputs: {}, exports: [] };
}

const now = (path: string): Import => ({ path, kind: 'import-statement' });
const later = (path: string): Import => ({ path, kind: 'dynamic-import' });

/** scale → shared ⇄ base, scale ⇢ client → base, and Node's own modules. */
const OUTPUTS: Outputs = {
  scale: output(1, now('shared'), later('client'), { ...now('node:http'), external: true }),
  shared: output(10, now('base')),
  base: output(100, now('shared')),
  client: output(1_000, now('base')),
  other: output(10_000),
};

describe('what a program loads', () => {
  it('at start', () => {
    expect(reach(OUTPUTS, 'scale', ['import-statement'])).toEqual(['scale', 'shared', 'base']);
  });

  it('at most', () => {
    const all = reach(OUTPUTS, 'scale', ['import-statement', 'dynamic-import']);
    expect(sizeOf(OUTPUTS, all)).toBe(1_111);
  });
});

it.each([
  [[], Number.NaN],
  [[3], 3],
  [[10, 9, 100], 10],
  [[4, 1, 3, 2], 3],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

it('shows bytes as kibibytes', () => {
  expect(kibibytes(1_299_950)).toBe('1269 KiB');
});
