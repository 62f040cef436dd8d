/** What comes before the files of a release. */
import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

it('a release begins with minutes of hostile input, 2,000 random worlds, 1,000 nights and the long comparison of strategies', () => {
  const { release, 'release:check': check } = manifest.scripts;
  expect(release).toMatch(/release:check && .*release:make$/);
  expect(Number(/fuzz\.ts --seconds (\d+)/.exec(check)?.[1])).toBeGreaterThanOrEqual(120);
  expect(check).toContain('bench/policy.ts --long');
  expect(Number(/test-worlds\.ts --worlds (\d+)/.exec(check)?.[1])).toBeGreaterThanOrEqual(2000);
  // Each is played twice.
  expect(Number(/test-worlds\.ts --nights (\d+)/.exec(check)?.[1])).toBeGreaterThanOrEqual(500);
});
