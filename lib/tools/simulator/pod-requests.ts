/** What the pod of a Job requests of a node. Pure. */
import type { PodResize } from '#core/model/observation.ts';
import { containersOf } from '#manifests/containers.ts';
import { asking } from '#manifests/when-idle.ts';
import { parseQuantity } from '#yaml/quantity.ts';
import { type Fields, recordOf } from '#yaml/values.ts';

/** Cores and bytes. */
export type Amounts = { readonly cpu: number; readonly memory: number };

/** Of a pod that may be resized, for a runner at work and for an idle one; of others both are the same. */
export type PodRequests = { readonly full: Amounts; readonly idle: Amounts };

/** What a pod requests as it is written, and as it is resized. */
export function podRequestsOf(pod: Fields, resize: PodResize | undefined): PodRequests {
  if (resize === undefined) {
    const amounts = sumOf(pod);
    return { full: amounts, idle: amounts };
  }
  const place = { ...resize, isInit: resize.isInit === true };
  return { full: sumOf(asking(pod, place, resize.full)), idle: sumOf(asking(pod, place, resize.idle)) };
}

/** The containers that live as long as the pod, together; a limit without a request stands for it. */
function sumOf(pod: Fields): Amounts {
  const lasting = containersOf(pod).filter(({ item, isInit }) => !isInit || item.restartPolicy === 'Always');
  const total = (kind: keyof Amounts) =>
    lasting.reduce((sum, { item }) => {
      const { requests, limits } = recordOf(item.resources);
      const amount = recordOf(requests)[kind] ?? recordOf(limits)[kind];
      return sum + (parseQuantity(String(amount)) ?? 0);
    }, 0);
  return { cpu: total('cpu'), memory: total('memory') };
}
