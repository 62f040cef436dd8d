/**
 * Ways for a port call to go wrong, for worlds in which nothing can be relied on. An interruption sees every call in
 * the order in which it is made and decides what becomes of it.
 */
import { ServiceError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Ports } from '#core/ports.ts';
import type { VirtualClock } from './clock.ts';

/** One call, counted from 1 over all ports. */
export type PortCall = {
  readonly index: number;
  readonly port: 'runners' | 'pipelines' | 'jobs' | 'state';
  readonly method: string;
  readonly arguments: readonly unknown[];
};

/** Makes the call, or does not; `proceed` performs its effect. */
export type Interruption = (call: PortCall, proceed: () => Promise<unknown>) => Promise<unknown>;

/** Everything goes well. */
export const undisturbed: Interruption = (_call, proceed) => proceed();

/** What becomes of a call that does not just do what it asks for. */
export type Mishap =
  /** It fails without an effect. `status`: HTTP's, when there was an answer. */
  | { readonly kind: 'refused'; readonly status?: number }
  /** It fails and nobody knows whether it has had its effect, which comes so many ms later; absent: never. */
  | { readonly kind: 'unanswered'; readonly effectAfterMs?: number }
  /** It is answered at once, and its effect comes so many ms later. For calls whose answer says nothing. */
  | { readonly kind: 'deferred'; readonly effectAfterMs: number }
  /** It takes until this moment; calls that are made at the same time take theirs meanwhile. */
  | { readonly kind: 'slow'; readonly until: Instant };

/** Has these mishaps happen to the calls of a world with this clock. */
export function befall(clock: VirtualClock, mishapOf: (call: PortCall) => Mishap | undefined): Interruption {
  return async (call, proceed) => {
    const mishap = mishapOf(call);
    if (mishap === undefined) return proceed();
    const fail = (outcome: 'refused' | 'unknown', status?: number) => {
      const details = { service: serviceOf(call), outcome, ...(status !== undefined && { status }) };
      return new ServiceError(`${call.port}.${call.method} failed in this world (${status ?? mishap.kind})`, details);
    };
    // Nobody hears of it if what comes later fails.
    const happenAfter = (ms: number) => clock.schedule(clock.now + ms, () => void proceed().catch(() => undefined));
    switch (mishap.kind) {
      case 'refused':
        throw fail('refused', mishap.status);
      case 'unanswered':
        if (mishap.effectAfterMs !== undefined) happenAfter(mishap.effectAfterMs);
        throw fail('unknown');
      case 'deferred':
        happenAfter(mishap.effectAfterMs);
        return undefined;
      case 'slow':
        clock.advanceTo(mishap.until);
        return proceed();
    }
  };
}

/** Both: what the first one lets through goes through the second. */
export function inTurn(first: Interruption, second: Interruption): Interruption {
  return (call, proceed) => first(call, () => second(call, proceed));
}

/** The same ports with every call going through the interruption first. */
export function interrupt(ports: Ports, interruption: Interruption): Ports {
  let index = 0;
  const through = <T extends object>(name: PortCall['port'], port: T): T =>
    wrapMethods(port, (method, args, perform) => {
      index += 1;
      return interruption({ index, port: name, method, arguments: args }, perform);
    });
  return {
    runners: through('runners', ports.runners),
    pipelines: through('pipelines', ports.pipelines),
    manifests: ports.manifests,
    jobs: through('jobs', ports.jobs),
    state: through('state', ports.state),
    deadline: ports.deadline,
    calls: ports.calls,
  };
}

/** The same port with every call of a method going through `around`; `perform` makes it. */
export function wrapMethods<T extends object>(
  port: T,
  around: (method: string, args: readonly unknown[], perform: () => Promise<unknown>) => Promise<unknown>,
): T {
  const wrapped = Object.entries(port).map(([method, perform]) => [
    method,
    (...args: unknown[]) => around(method, args, async () => perform(...args)),
  ]);
  // The mapping keeps every method's signature, which the type of fromEntries cannot say.
  return Object.fromEntries(wrapped) as T;
}

/** Methods that change no answer of the world to the one process that acts in it. */
export const READS: ReadonlySet<string> = new Set([
  ...['list', 'get', 'identify', 'recentRepositories', 'openPipelines', 'waitingSteps', 'stepInLog'],
  ...['load', 'acquireLease', 'releaseLease', 'appendTick', 'listTicks'],
]);

/** Which service each port calls. */
export const SERVICES = { runners: 'bitbucket', pipelines: 'bitbucket', jobs: 'kubernetes', state: 'aws' } as const;

function serviceOf({ port }: PortCall): ServiceError['service'] {
  return SERVICES[port];
}
