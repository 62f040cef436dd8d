import type { Deadline } from '#core/ports.ts';

/** A deadline by the process's clock. */
export function startDeadline(ms: number): Deadline {
  const abort = new AbortController();
  // Not AbortSignal.timeout: its timer would live on after the look.
  const timer = setTimeout(() => abort.abort(), ms);
  return { signal: abort.signal, cancel: () => clearTimeout(timer) };
}
