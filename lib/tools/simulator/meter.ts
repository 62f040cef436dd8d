/** Counts what a simulated process calls Bitbucket for, and holds it back, as the real client does request by request. */
import type { CallBudget, RateLimit } from '#core/budget/call-budget.ts';
import type { Importance } from '#core/budget/hour.ts';
import { ServiceError } from '#core/errors.ts';
import type { Ports, RunnerApi } from '#core/ports.ts';
import { wrapMethods } from './interrupt.ts';

const IMPORTANCE: Readonly<Record<keyof RunnerApi, Importance>> = {
  list: 'look',
  identify: 'look',
  register: 'create',
  get: 'removal',
  enable: 'create',
  disable: 'removal',
  remove: 'removal',
};

/**
 * The same ports under a budget: every call is one request, and those for the queue come last. `queueLimit`: what Bitbucket
 * says of its limit where queues are counted; undefined: nothing.
 */
export function meterCalls(ports: Ports, budgetOf: (workspace: string) => CallBudget, queueLimit?: number): Ports {
  const metered = <T extends object>(port: T, importanceOf: (method: string) => Importance, said?: RateLimit): T =>
    wrapMethods(port, async (method, [first], perform) => {
      const place = first as string | { readonly workspace: string };
      const budget = budgetOf(typeof place === 'string' ? place : place.workspace);
      const importance = importanceOf(method);
      budget.admit(importance, method);
      budget.count(importance);
      return hear(budget, perform, said);
    });
  return {
    ...ports,
    budgetOf,
    runners: metered(ports.runners, (method) => IMPORTANCE[method as keyof RunnerApi]),
    pipelines: metered(
      ports.pipelines,
      () => 'queue',
      queueLimit === undefined ? undefined : { resource: 'api', limit: queueLimit },
    ),
  };
}

/** A call that Bitbucket turns away is not repeated here: in virtual time a second moment is no other. */
async function hear(
  budget: CallBudget,
  call: () => Promise<unknown>,
  rateLimit: RateLimit | undefined,
): Promise<unknown> {
  try {
    const answer = await call();
    budget.heard({ status: 200, ...(rateLimit && { rateLimit }) });
    return answer;
  } catch (error) {
    if (error instanceof ServiceError && error.status === 429) {
      budget.heard({ status: 429 });
      budget.turnedAway(undefined);
    }
    throw error;
  }
}
