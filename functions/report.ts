/**
 * The dry run, invoked by hand: what the scaler would do now, and why; with `{ "doctor": true }` whether all is well. Its
 * role can only read, so it never acts.
 */
import { createHandler } from './handler.ts';

export const handler = createHandler(() => 'plan', {
  // Nobody else waits for its code.
  examine: async (event, doors) => (await import('./doctor.ts')).examine(event, doors),
});
