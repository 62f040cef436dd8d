/** The dry run, invoked by hand: what the scaler would do now, and why. Its role can only read, so it never acts. */
import { createHandler } from './handler.ts';

export const handler = createHandler(() => 'plan');
