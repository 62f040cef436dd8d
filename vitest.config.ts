import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What measures the heap, in which nothing of other tests may lie. */
const ALONE = ['test/tools/laboratory/memory.test.ts'];

/** What runs the bundle, or looks into it; it is built before the first of them. */
const BUNDLED = [
  'test/cli/{program,proxy}.test.ts',
  'test/functions/{frozen,functions,hostile,reach,wake,wake-crowd}.test.ts',
];

export default defineConfig({
  test: {
    // Against what hangs, never a measure of speed: everything must hold while the machine has other things to do.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 600_000 } },
    // Programs that tests start from source: each would compile all of it anew.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('.cache/compiled', import.meta.url)) },
    // vitest leaves a core free; here nothing else is waiting for one.
    maxWorkers: '100%',
    // No test changes what another file could see: there are no module mocks, and what a file moves it puts back.
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'source',
          include: ['test/**/*.test.ts'],
          // They need a Kubernetes control plane, an AWS emulator, a browser: npm run test:cluster, test:deploy, test:page.
          exclude: ['test/cluster/**', 'test/deploy/**', 'test/tools/page/browser/**', ...BUNDLED, ...ALONE],
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE, isolate: true } },
      { extends: true, test: { name: 'bundle', include: BUNDLED, globalSetup: ['test/doors/build-bundle.ts'] } },
    ],
    coverage: {
      provider: 'v8',
      include: ['lib/**', 'functions/**', 'cli/**'],
      reporter: ['text-summary', 'html'],
    },
  },
});
