/** A runner brought into a simulated world by a policy that has no Job template: what the world needs, and no more. */

import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Manifest } from '#core/ports.ts';
import { bareUuid } from '#core/uuid.ts';
import { GROUP_ANNOTATION, jobName, RUNNER_LABEL, secretName } from '#manifests/naming.ts';

/** The Job and the Secret of a runner, bare. */
export function bareManifests(uuid: string, group: RunnerGroup): { readonly job: Manifest; readonly secret: Manifest } {
  return {
    job: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: jobName(uuid),
        labels: { [RUNNER_LABEL]: bareUuid(uuid) },
        annotations: { [GROUP_ANNOTATION]: group.name },
      },
    },
    secret: { apiVersion: 'v1', kind: 'Secret', metadata: { name: secretName(uuid) } },
  };
}
