/** One control plane for the whole test run; every test works in a namespace of its own. */
import type { TestProject } from 'vitest/node';
import { type ControlPlaneAddress, startControlPlane } from './control-plane.ts';

declare module 'vitest' {
  interface ProvidedContext {
    controlPlane: ControlPlaneAddress;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const plane = await startControlPlane();
  project.provide('controlPlane', plane.address);
  return plane.stop;
}
