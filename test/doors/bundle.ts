/** The bundle that build-bundle.ts made before the tests began. */
import { join } from 'node:path';
import { inject } from 'vitest';
import './build-bundle.ts';

/** A file of the bundle, such as `cli.js`. */
export function bundled(file: string): string {
  return join(inject('bundle'), file);
}
