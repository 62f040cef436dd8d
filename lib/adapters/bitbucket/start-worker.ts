/** The bundle carries the worker's program in the place of this module (esbuild.config.mjs). */
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Starts a thread that reads pipelines files. */
export function startWorker(options: WorkerOptions): Worker {
  return new Worker(new URL('./pipelines-worker.ts', import.meta.url), options);
}
