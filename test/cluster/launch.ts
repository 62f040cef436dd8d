/** Runners in a cluster without a Bitbucket behind them. */

import type { PodSettings } from '#core/model/configuration.ts';
import type { JobApi, Manifest, Namespace } from '#core/ports.ts';
import { Secret } from '#core/secret.ts';
import { group, runner } from '#kit/fleet.ts';
import { renderManifests } from '#manifests/render.ts';

/** A uuid in Bitbucket's form, by number. */
export function uuidOf(number: number): string {
  return `{00000000-0000-4000-8000-${String(number).padStart(12, '0')}}`;
}

/** Job and Secret of runner number so-and-so. */
export function manifestsOf(
  place: Namespace,
  number: number,
  pod: Partial<PodSettings> = {},
): { readonly job: Manifest; readonly secret: Manifest } {
  return renderManifests({
    group: group({ ...place, pod: { ...group().pod, ...pod } }),
    runner: runner({ uuid: uuidOf(number) }),
    identity: { workspaceUuid: uuidOf(999) },
    credentials: { clientId: `client-${number}`, clientSecret: new Secret(`secret-${number}`) },
  });
}

/** Creates both, and gives the Job's name. */
export async function launch(
  api: JobApi,
  place: Namespace,
  number: number,
  pod: Partial<PodSettings> = {},
): Promise<string> {
  const { job, secret } = manifestsOf(place, number, pod);
  await api.createSecret(place, secret, await api.createJob(place, job));
  return job.metadata.name;
}
