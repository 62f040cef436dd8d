import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestMatch } from '#adapters/bitbucket/ref-glob.ts';

describe('patterns of branches and tags', () => {
  it.each<[pattern: string, name: string, fits: boolean]>([
    ['main', 'main', true],
    ['main', 'main2', false],
    ['main', 'amain', false],
    ['*', 'main', true],
    ['*', 'feature/a', false],
    ['**', 'feature/a', true],
    ['**', '', true],
    ['feature/*', 'feature/a', true],
    ['feature/*', 'feature/', true],
    ['feature/*', 'feature/a/b', false],
    ['feature/**', 'feature/a/b', true],
    ['*/feature', 'a/feature', true],
    ['**/feature', 'a/b/feature', true],
    ['v?.?', 'v1.2', true],
    ['v?.?', 'v1.23', false],
    ['a?b', 'a/b', false],
    ['a.b', 'axb', false],
    ['a+', 'aa', false],
    ['{main,develop}', 'develop', true],
    ['{main,develop}', 'release', false],
    ['{a,b}/{c,d}-*', 'b/c-1', true],
    ['{a,b}/{c,d}-*', 'b/e-1', false],
    ['release/{1,2}', 'release/', false],
    ['{a', '{a', true],
    ['ab*ba', 'aba', false],
    ['ab*ba', 'abba', true],
  ])('%s and %s: %s', (pattern, name, fits) => {
    expect(bestMatch([pattern], name)).toEqual(fits ? { pattern } : undefined);
  });

  it.each<[name: string, patterns: readonly string[], best: string]>([
    ['feature/bb-1', ['**', 'feature/*', 'feature/bb-*', 'feature/bb-1'], 'feature/bb-1'],
    ['feature/bb-2', ['**', 'feature/*', 'feature/bb-*', 'feature/bb-1'], 'feature/bb-*'],
    ['feature/x', ['**', 'feature/*', 'feature/bb-*'], 'feature/*'],
    ['x', ['**', '*'], '**'],
  ])('%s takes the most specific', (name, patterns, best) => {
    expect(bestMatch(patterns, name)).toEqual({ pattern: best });
  });

  it('does not let alternatives multiply', () => {
    const pattern = '{a,b,}'.repeat(40);
    expect(bestMatch([pattern], 'a'.repeat(40))).toEqual({ pattern });
    expect(bestMatch([pattern], 'a'.repeat(41))).toBeUndefined();
  });

  it('takes time in proportion to the lengths, and up to a limit', () => {
    const pattern = `${'*a'.repeat(500)}`;
    expect(bestMatch([pattern], 'a'.repeat(249))).toBeUndefined();
    expect(bestMatch([pattern], 'a'.repeat(250))).toBe('unclear');
    expect(bestMatch([pattern, 'x'], 'x'.repeat(249))).toBe('unclear');
  });

  it('does not choose among a hundred patterns of 1 KB for a long name', () => {
    const patterns = Array.from({ length: 100 }, (_, n) => `${n}${'{a,b,*}'.repeat(146)}`);
    expect(bestMatch(patterns, 'a'.repeat(250))).toBe('unclear');
  });

  it('needs no time for the name itself', () => {
    const name = 'n'.repeat(1000);
    expect(bestMatch(['*'.repeat(1000), name], name)).toEqual({ pattern: name });
  });

  it('fits whatever a star is put for', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 6 });
    fc.assert(
      fc.property(text, text, text, (left, middle, right) => {
        expect(bestMatch([`${left}*${right}`], left + middle + right)).toEqual({ pattern: `${left}*${right}` });
      }),
    );
  });
});
