/**
 * Ways for a port call to go wrong, for worlds in which nothing can be relied on. An interruption sees every call in
 * the order in which it is made and decides what becomes of it.
 */
import { ServiceError } from '#core/errors.ts';
import type { Ports } from '#core/ports.ts';

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

/** The process dies just before or just after its nth call; from then on no call of it has any effect. */
export function dieAt(index: number, when: 'before' | 'after'): Interruption {
  return async (call, proceed) => {
    if (call.index < index) return proceed();
    if (call.index === index && when === 'after') await proceed();
    throw new ServiceError('the process is dead', { service: serviceOf(call), outcome: 'unknown' });
  };
}

/** Fails the calls that match, with no effect (`refused`) or after it has happened (`unknown`). */
export function failWhere(matches: (call: PortCall) => boolean, outcome: 'refused' | 'unknown'): Interruption {
  return async (call, proceed) => {
    if (!matches(call)) return proceed();
    if (outcome === 'unknown') await proceed();
    throw new ServiceError(`${call.port}.${call.method} failed as scripted`, { service: serviceOf(call), outcome });
  };
}

/** The same ports with every call going through the interruption first. */
export function interrupt(ports: Ports, interruption: Interruption): Ports {
  let index = 0;
  const through = <T extends object>(name: PortCall['port'], port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([method, perform]) => [
        method,
        (...args: unknown[]) => {
          index += 1;
          return interruption({ index, port: name, method, arguments: args }, async () => perform(...args));
        },
      ]),
      // The mapping keeps every method's signature, which the type of fromEntries cannot say.
    ) as T;
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
