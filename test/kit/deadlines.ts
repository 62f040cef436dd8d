/** The deadlines of requests in the hands of a test: none passes by the clock, however slow the machine is. */
import { onTestFinished, vi } from 'vitest';

/** Until the test ends, no `AbortSignal.timeout` ends by itself; the answer ends all that wait. */
export function holdDeadlines(): () => void {
  const waiting = new Set<AbortController>();
  const spy = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
    const controller = new AbortController();
    waiting.add(controller);
    return controller.signal;
  });
  onTestFinished(() => spy.mockRestore());
  return () => {
    for (const controller of waiting) controller.abort(new DOMException('The time is up', 'TimeoutError'));
    waiting.clear();
  };
}
