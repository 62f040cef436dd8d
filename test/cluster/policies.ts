/** What a cluster's owner may set up against us. */
import type { Namespace } from '#core/ports.ts';
import { type Cluster, eventually } from './cluster.ts';

/** A ResourceQuota, such as `{ 'count/jobs.batch': '1' }`, once it is in force. */
export async function limitObjects(
  cluster: Cluster,
  place: Namespace,
  hard: Readonly<Record<string, string>>,
): Promise<void> {
  const path = `/api/v1/namespaces/${place.namespace}/resourcequotas`;
  await cluster.create(place, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small' }, spec: { hard } });
  // Until the controller has counted, everything is refused.
  await eventually(async () => {
    const { items } = await cluster.admin.request<{ items: readonly { status?: { hard?: object } }[] }>('GET', path);
    if (items[0]?.status?.hard === undefined) throw new Error('the quota is not yet in force');
  });
}

/** A ValidatingAdmissionPolicy for the namespace; it takes force a moment later. */
export async function forbidPrivilegedJobs(cluster: Cluster, { namespace }: Namespace): Promise<void> {
  const name = `no-privilege-${namespace}`;
  const api = '/apis/admissionregistration.k8s.io/v1';
  const common = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name } };
  await cluster.admin.request('POST', `${api}/validatingadmissionpolicies`, {
    body: {
      ...common,
      kind: 'ValidatingAdmissionPolicy',
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [{ apiGroups: ['batch'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['jobs'] }],
        },
        validations: [
          {
            expression:
              '!object.spec.template.spec.initContainers.exists(c, c.?securityContext.?privileged.orValue(false))',
            message: 'no privileged containers here',
          },
        ],
      },
    },
  });
  await cluster.admin.request('POST', `${api}/validatingadmissionpolicybindings`, {
    body: {
      ...common,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: {
        policyName: name,
        validationActions: ['Deny'],
        matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
      },
    },
  });
}
