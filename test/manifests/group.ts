/** One group, one runner and their credentials, for tests of manifests. */

import type { JobTemplate, PodSettings, RunnerGroup } from '#core/model/configuration.ts';
import type { ManifestInput } from '#core/ports.ts';
import { Secret } from '#core/secret.ts';
import { group as fleetGroup } from '#kit/fleet.ts';
import { standInFor } from '#manifests/stand-ins.ts';

const LABELS = ['autoscaler.created', 'grp1', 'linux', 'self.hosted'];

export const RUNNER_UUID = '{11111111-2222-3333-4444-555555555555}';

/** A group of the guide's kind, with pod settings changed as given. */
export function groupWith(pod: Partial<PodSettings> = {}, group: Partial<RunnerGroup> = {}): RunnerGroup {
  const plain = fleetGroup({ name: 'Runner group 1', labels: LABELS, ...group });
  return { ...plain, pod: { ...plain.pod, ...pod } };
}

/** What `renderManifests` needs for a new runner of the group; a repository runner when its scope has one. */
export function manifestInput(group: RunnerGroup = groupWith()): ManifestInput {
  const standIn = standInFor(group);
  return {
    group,
    runner: { ...standIn.runner, uuid: RUNNER_UUID },
    identity: {
      workspaceUuid: '{aaaaaaaa-0000-0000-0000-000000000000}',
      ...(group.scope.repository === undefined ? {} : { repositoryUuid: '{bbbbbbbb-0000-0000-0000-000000000000}' }),
    },
    credentials: { clientId: 'the-client-id', clientSecret: new Secret('the-client-secret') },
  };
}

export function templateOf(text: string): JobTemplate {
  return { name: 'own', origin: 'job.yaml', text };
}
