/** A registration that does not exist, for manifests that are only looked at. */
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { ManifestInput } from '#core/ports.ts';
import { Secret } from '#core/secret.ts';

/** The uuid, without braces, of a runner that is not registered. */
export const STAND_IN_UUID = '00000000-0000-0000-0000-000000000000';

/** What manifests of the group are made of, before any of its runners is registered. */
export function standInFor(group: RunnerGroup): ManifestInput {
  return {
    group,
    runner: {
      uuid: `{${STAND_IN_UUID}}`,
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
      workspaceUuid: '{11111111-1111-1111-1111-111111111111}',
      ...(group.scope.repository === undefined ? {} : { repositoryUuid: '{22222222-2222-2222-2222-222222222222}' }),
    },
    credentials: { clientId: 'client-id', clientSecret: new Secret('client-secret') },
  };
}
