import { ServiceError } from '#core/errors.ts';
import { type Interruption, SERVICES } from '#tools/simulator/interrupt.ts';

/** The process dies just before or just after its nth call; from then on no call of it has any effect. */
export function dieAt(index: number, when: 'before' | 'after'): Interruption {
  return async (call, proceed) => {
    if (call.index < index) return proceed();
    if (call.index === index && when === 'after') await proceed();
    throw new ServiceError('the process is dead', { service: SERVICES[call.port], outcome: 'unknown' });
  };
}
