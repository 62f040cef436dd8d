/** The scaler, invoked by the schedule: one tick that acts, unless the event asks for a dry run. */
import { createHandler } from './handler.ts';

export const handler = createHandler(({ dryRun = false }) => (dryRun === false ? 'apply' : 'plan'));
