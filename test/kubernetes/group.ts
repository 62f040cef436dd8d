/** One group, one runner and their credentials, for tests of manifests. */
import type { ManifestInput } from '../../lib/kubernetes/variables.ts';
import type { JobTemplate, PodSettings, RunnerGroup } from '../../lib/model.ts';
import { Secret } from '../../lib/secret.ts';

export const RUNNER_UUID = '{11111111-2222-3333-4444-555555555555}';

/** A group of the guide's kind, with pod settings changed as given. */
export function groupWith(pod: Partial<PodSettings> = {}, group: Partial<RunnerGroup> = {}): RunnerGroup {
  return {
    name: 'Runner group 1',
    scope: { workspace: 'acme' },
    labels: ['autoscaler.created', 'grp1', 'linux', 'self.hosted'],
    cluster: 'main',
    namespace: 'runners',
    strategy: {
      kind: 'percentageRunnersIdle',
      scaleUpThreshold: 0.5,
      scaleDownThreshold: 0.2,
      scaleUpMultiplier: 1.5,
      scaleDownMultiplier: 0.5,
    },
    min: 1,
    max: 10,
    coolDownMs: 300_000,
    startTimeoutMs: 600_000,
    drainGraceMs: 60_000,
    maxCreatesPerTick: 20,
    ...group,
    pod: { size: '1x', architecture: 'amd64', nodeSelector: {}, tolerations: [], env: {}, ...pod },
  };
}

/** What `renderManifests` needs for a new runner of the group; a repository runner when its scope has one. */
export function manifestInput(group: RunnerGroup = groupWith()): ManifestInput {
  return {
    group,
    runner: {
      uuid: RUNNER_UUID,
      name: group.name,
      labels: group.labels,
      status: 'UNREGISTERED',
      statusText: 'UNREGISTERED',
      cordoned: false,
      hasStep: false,
      createdAt: 0,
      stateChangedAt: 0,
    },
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
