import { defineConfig } from 'vitest/config';

/** What needs an AWS emulator and a Kubernetes API server; `npm run test:deploy` sees to both first. */
export default defineConfig({
  test: {
    include: ['test/deploy/**/*.test.ts'],
    // Packaging happens in one folder of the checkout.
    fileParallelism: false,
    // A test file has its emulator and its cluster, and leaves nothing in the process.
    isolate: false,
    // Against what hangs, never a measure of speed.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
