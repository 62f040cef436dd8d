/**
 * Other people's YAML is read in a thread of its own, with little memory and little time: whatever a file does to the
 * parser, the process and its other work go on. One thread is kept, and reads one file at a time.
 */
import { once } from 'node:events';
import type { Worker, WorkerOptions } from 'node:worker_threads';
import type { PipelinesFile } from './sections.ts';
import { startWorker } from './start-worker.ts';

/** A file, or why reading it was broken off, as the end of a sentence about it. */
type ReadFile = PipelinesFile | { readonly stopped: string };

/** Reads a file's text. Rejects only when there is no thread to read it. */
export type ReadPipelines = (text: string) => Promise<ReadFile>;

/** Several times what the largest file takes on a slow function; ticks look at queues for 5 s. */
const TIMEOUT_MS = 3_000;

const OPTIONS: WorkerOptions = {
  // Twice what the largest file takes.
  resourceLimits: { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 },
  // It needs nothing that this process knows, and says nothing but its answer.
  env: {},
  execArgv: [],
  stdout: true,
  stderr: true,
};

/** A reader with a thread of its own, which starts with the first file. */
export function createYamlBox({ timeoutMs = TIMEOUT_MS, options = OPTIONS } = {}): ReadPipelines {
  let kept: Worker | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  async function start(): Promise<Worker> {
    const worker = startWorker(options);
    // Without a listener of its own an error that comes when nobody waits any more would end the process.
    worker.on('error', () => {});
    await once(worker, 'message');
    return worker;
  }

  async function read(text: string): Promise<ReadFile> {
    const worker = kept ?? (await start());
    kept = worker;
    // An idle thread keeps no process alive.
    worker.ref();
    worker.postMessage(text);
    try {
      const [file] = await once(worker, 'message', { signal: AbortSignal.timeout(timeoutMs) });
      return file;
    } catch (error) {
      kept = undefined;
      await worker.terminate();
      return { stopped: whyStopped(error, timeoutMs, options) };
    } finally {
      worker.unref();
    }
  }

  return (text) => {
    const answer = turn.then(() => read(text));
    turn = answer.catch(() => undefined);
    return answer;
  };
}

function whyStopped(error: unknown, timeoutMs: number, { resourceLimits }: WorkerOptions): string {
  const isLate = error instanceof Error && error.name === 'AbortError';
  if (isLate) return `takes longer than ${timeoutMs / 1000} s to read`;
  return `takes more than ${resourceLimits?.maxOldGenerationSizeMb} MB of memory to read`;
}
