/** Counts what a simulated process calls Bitbucket for, and holds it back, as the real client does request by request. */
import type { CallBudget } from '../budget/ledger.ts';
import type { Importance } from '../budget/rule.ts';
import type { Ports, RunnerApi } from '../ports.ts';

const IMPORTANCE: Readonly<Record<keyof RunnerApi, Importance>> = {
  list: 'look',
  identify: 'look',
  register: 'create',
  get: 'removal',
  disable: 'removal',
  remove: 'removal',
};

/** The same ports under a budget: every call is one request, and those for the queue come last. */
export function meterCalls(ports: Ports, budgetOf: (workspace: string) => CallBudget): Ports {
  const metered = <T extends object>(port: T, importanceOf: (method: string) => Importance): T =>
    Object.fromEntries(
      Object.entries(port).map(([method, perform]) => [
        method,
        async (place: string | { readonly workspace: string }, ...rest: unknown[]) => {
          const budget = budgetOf(typeof place === 'string' ? place : place.workspace);
          const importance = importanceOf(method);
          budget.admit(importance, method);
          budget.count(importance);
          return perform(place, ...rest);
        },
      ]),
      // The mapping keeps every method's signature, which the type of fromEntries cannot say.
    ) as T;
  return {
    ...ports,
    budgetOf,
    runners: metered(ports.runners, (method) => IMPORTANCE[method as keyof RunnerApi]),
    pipelines: metered(ports.pipelines, () => 'queue'),
  };
}
