import { defineConfig } from 'vitest/config';

/** What needs an AWS emulator and a Kubernetes API server; `npm run test:deploy` sees to both first. */
export default defineConfig({
  test: {
    include: ['test/deploy/**/*.test.ts'],
    // Packaging happens in one folder of the checkout.
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
