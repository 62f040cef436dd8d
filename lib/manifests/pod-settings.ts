/** A group's node selector, tolerations and the like, laid over the pod of any template. */
import type { PodSettings } from '#core/model/configuration.ts';
import { type Fields, listOf, recordOf } from '#yaml/values.ts';
import { runnerIndex } from './containers.ts';

/**
 * The pod spec with the group's settings. A setting of the group wins over the template's entry of the same name;
 * tolerations add up. A named service account gets its token mounted, as that is what it is named for.
 */
export function applyPodSettings(pod: Fields, settings: PodSettings): Fields {
  const { nodeSelector, tolerations, serviceAccountName, priorityClassName, env } = settings;
  return {
    ...pod,
    ...(isEmpty(nodeSelector) ? {} : { nodeSelector: { ...recordOf(pod.nodeSelector), ...nodeSelector } }),
    ...(tolerations.length === 0 ? {} : { tolerations: [...listOf(pod.tolerations), ...tolerations] }),
    ...(serviceAccountName === undefined ? {} : { serviceAccountName, automountServiceAccountToken: true }),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    ...(isEmpty(env) ? {} : { containers: withEnvironment(listOf(pod.containers), env) }),
  };
}

function withEnvironment(containers: readonly unknown[], env: PodSettings['env']): readonly unknown[] {
  const runner = runnerIndex(containers);
  return containers.map((container, index) => {
    if (index !== runner) return container;
    const fields = recordOf(container);
    const kept = listOf(fields.env).filter((entry) => !Object.hasOwn(env, String(recordOf(entry).name)));
    return { ...fields, env: [...kept, ...Object.entries(env).map(([name, value]) => ({ name, value }))] };
  });
}

function isEmpty(record: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(record).length === 0;
}
