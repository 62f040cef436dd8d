/** Outages of a scenario, as what becomes of a call that is made during one. */
import { ServiceError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import { type Interruption, SERVICES, undisturbed } from '../simulator/interrupt.ts';
import type { Scenario } from './scenario.ts';

/** Refuses calls to a service that is out at the present time. */
export function outagesOf({ outages, start }: Scenario, now: () => Instant): Interruption {
  if (outages.length === 0) return undisturbed;
  return async ({ port, method }, proceed) => {
    const service = SERVICES[port];
    const since = now() - start;
    const isOut = outages.some((outage) => outage.service === service && outage.from <= since && since < outage.to);
    if (!isOut) return proceed();
    throw new ServiceError(`${port}.${method} failed: ${service} is out in this scenario.`, {
      service,
      outcome: 'refused',
      status: 503,
    });
  };
}
