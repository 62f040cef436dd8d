/** Calls of a simulated world's ports that fail as a test says. */
import { ServiceError } from '#core/errors.ts';
import { type Interruption, type PortCall, SERVICES } from '#tools/simulator/interrupt.ts';

/** Fails the calls that match, with no effect (`refused`) or after it has happened (`unknown`). */
export function failWhere(matches: (call: PortCall) => boolean, outcome: 'refused' | 'unknown'): Interruption {
  return async (call, proceed) => {
    if (!matches(call)) return proceed();
    if (outcome === 'unknown') await proceed();
    const service = SERVICES[call.port];
    throw new ServiceError(`${call.port}.${call.method} failed as scripted`, { service, outcome });
  };
}
