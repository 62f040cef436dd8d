import { defineConfig } from 'vitest/config';

/** What needs a real browser; test/tools/page/browser/browser.ts finds one or takes the one from the npm registry. */
export default defineConfig({
  test: {
    include: ['test/tools/page/browser/**/*.test.ts'],
    // Against what hangs, never a measure of speed.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 600_000 } },
  },
});
