/**
 * Atlassian's `percentageRunnersIdle`, written from its documented semantics, for comparison only. It knows ONLINE
 * runners and nothing else.
 */
import type { PercentageRunnersIdle } from '#core/model/configuration.ts';

export type AtlassianDecision = { readonly action: 'create' | 'remove' | 'nothing'; readonly count: number };

export function atlassianDecides(
  { scaleUpThreshold, scaleDownThreshold, scaleUpMultiplier, scaleDownMultiplier }: PercentageRunnersIdle,
  { min, max }: { readonly min: number; readonly max: number },
  { busy, idle }: { readonly busy: number; readonly idle: number },
): AtlassianDecision {
  const online = busy + idle;
  if (online === 0) return min > 0 ? { action: 'create', count: min } : { action: 'nothing', count: 0 };
  const ratio = busy / online;
  if ((ratio > scaleUpThreshold || online < min) && online <= max) {
    const desired = Math.min(Math.ceil(online * scaleUpMultiplier), max);
    return desired > online ? { action: 'create', count: desired - online } : { action: 'nothing', count: 0 };
  }
  if (ratio < scaleDownThreshold && idle > min) {
    const desired = Math.max(min, Math.floor(idle * scaleDownMultiplier));
    return { action: 'remove', count: idle - desired };
  }
  return { action: 'nothing', count: 0 };
}
