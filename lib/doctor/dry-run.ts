/**
 * What the API server says of a group's Job, and of a pod made from it, without creating either: admission, quotas and
 * policies included. Groups with the same manifests are asked about once.
 */
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import { isMissingRight } from '#adapters/kubernetes/failure.ts';
import type { Manifest } from '#core/ports.ts';
import { type Check, type CheckId, failedBy, NOT_ALLOWED, named, ok, skipped } from './check.ts';
import { podOf, type Rendered } from './configuration.ts';

/** Nothing is stored, and fields that Kubernetes does not know are refused. */
const DRY = { dryRun: 'All', fieldValidation: 'Strict' };

/** The dry runs in one namespace. */
export async function dryRun(
  client: ClusterClient,
  namespace: string,
  rendered: readonly Rendered[],
): Promise<readonly Check[]> {
  const alike = [...Map.groupBy(rendered, ({ group }) => JSON.stringify(group.pod)).values()];
  const found = await Promise.all(
    alike.map(async ([first, ...others]) => {
      if (first === undefined) return [];
      const subject = named([first, ...others].map(({ group }) => group.name));
      const { job } = first.preview;
      return await Promise.all([
        attempt('job-dry-run', subject, client, `/apis/batch/v1/namespaces/${namespace}/jobs`, job),
        attempt('pod-dry-run', subject, client, `/api/v1/namespaces/${namespace}/pods`, podFrom(first)),
      ]);
    }),
  );
  return found.flat();
}

/** The pod that the Job controller would create; it tells what the Job alone does not, such as a missing service account. */
function podFrom({ preview }: Rendered): Manifest {
  const { metadata, spec } = podOf(preview);
  const { name, namespace } = preview.job.metadata;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...(metadata as object), name, namespace }, spec };
}

async function attempt(
  id: CheckId,
  subject: string,
  client: ClusterClient,
  path: string,
  body: Manifest,
): Promise<Check> {
  try {
    await client.request('POST', path, { query: DRY, body });
    return ok(id, subject, 'the API server would take it');
  } catch (error) {
    return isMissingRight(error) ? skipped(id, subject, NOT_ALLOWED) : failedBy(id, subject, error);
  }
}
