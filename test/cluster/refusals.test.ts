/**
 * Whatever a real cluster has against a call is one sentence: which cluster, what was wanted, why not, and what to do.
 * The sentences are the specification; the name of the cluster is the kubeconfig's.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { createKubernetesJobApi } from '#adapters/kubernetes/jobs.ts';
import { connectKubeconfig } from '#adapters/kubernetes/kubeconfig.ts';
import type { JobApi, Namespace } from '#core/ports.ts';
import { makeCertificate } from '#kit/certificate.ts';
import { type Cluster, eventually, useCluster } from './cluster.ts';
import { launch, manifestsOf } from './launch.ts';
import { forbidPrivilegedJobs, limitObjects } from './policies.ts';
import { autoscalerRules } from './runner-namespace.ts';

let cluster: Cluster;
let place: Namespace;
let api: JobApi;

beforeEach(async () => {
  cluster = useCluster();
  place = await cluster.makeNamespace();
  api = cluster.jobApiOf('autoscaler');
});

const apiWith = (path: string) => {
  const client = connectKubeconfig({ path }, { sleep: async () => undefined });
  return createKubernetesJobApi({ clients: async () => client });
};

/** The error's sentence, with what differs from run to run replaced. */
async function sentenceOf(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => {
      throw new Error('it was not refused');
    },
    (reason: Error) => reason,
  );
  return error.message.replaceAll(cluster.address.url, 'URL').replaceAll(place.namespace, 'NAMESPACE');
}

describe('what is refused before anything is made', () => {
  it('a namespace that does not exist', async () => {
    const absent = { ...place, namespace: 'nowhere' };
    const mayDoAll = cluster.jobApiOf('admin');
    expect(await sentenceOf(mayDoAll.createJob(absent, manifestsOf(absent, 1).job))).toBe(
      'cluster "test" (URL): cannot create jobs in namespace "nowhere": the namespace "nowhere" does not exist; create it, or correct the group\'s namespace',
    );
  });

  it('a namespace in which we have no rights, which may also be one that does not exist', async () => {
    const absent = { ...place, namespace: 'nowhere' };
    expect(await sentenceOf(api.createJob(absent, manifestsOf(absent, 1).job))).toBe(
      'cluster "test" (URL): cannot create jobs in namespace "nowhere": not allowed (403): create jobs.batch in namespace "nowhere" is missing; apply the Role of the runner namespace',
    );
  });

  it('a right that is missing', async () => {
    const rules = autoscalerRules().filter(({ resources }) => !resources.includes('secrets'));
    await cluster.setRules(place, rules, { verb: 'create', resource: 'secrets', allowed: false });
    expect(await sentenceOf(launch(api, place, 1))).toBe(
      'cluster "test" (URL): cannot create secrets in namespace "NAMESPACE": not allowed (403): create secrets in namespace "NAMESPACE" is missing; apply the Role of the runner namespace',
    );
  });

  it('a field that Kubernetes does not know, by its name', async () => {
    const { job } = manifestsOf(place, 1);
    const misspelt = { ...job, spec: { ...(job.spec as object), ttlSecondAfterFinished: 60 } };
    expect(await sentenceOf(api.createJob(place, misspelt))).toBe(
      'cluster "test" (URL): cannot create jobs in namespace "NAMESPACE": refused (400, BadRequest: Job in version "v1" cannot be handled as a Job: strict decoding error: unknown field "spec.ttlSecondAfterFinished"); correct the Job template, where validate names the line of what it knows',
    );
  });

  it('a quota on Jobs', async () => {
    await limitObjects(cluster, place, { 'count/jobs.batch': '1' });
    await launch(api, place, 1);
    expect(await sentenceOf(launch(api, place, 2))).toBe(
      'cluster "test" (URL): cannot create jobs in namespace "NAMESPACE": refused (403, Forbidden: jobs.batch "runner-00000000-0000-4000-8000-000000000002" is forbidden: exceeded quota: small, requested: count/jobs.batch=1, used: count/jobs.batch=1, limited: count/jobs.batch=1); raise the quota, or lower max of the groups in this namespace',
    );
  });

  it('a quota on Secrets', async () => {
    await limitObjects(cluster, place, { 'count/secrets': '0' });
    expect(await sentenceOf(launch(api, place, 1))).toBe(
      'cluster "test" (URL): cannot create secrets in namespace "NAMESPACE": refused (403, Forbidden: secrets "runner-oauth-credentials-00000000-0000-4000-8000-000000000001" is forbidden: exceeded quota: small, requested: count/secrets=1, used: count/secrets=0, limited: count/secrets=0); raise the quota, or lower max of the groups in this namespace',
    );
  });

  it('an admission policy', async () => {
    await forbidPrivilegedJobs(cluster, place);
    await eventually(async () => {
      expect(await sentenceOf(api.createJob(place, manifestsOf(place, Date.now()).job))).toMatch(
        /^cluster "test" \(URL\): cannot create jobs in namespace "NAMESPACE": refused \(422, Invalid: jobs\.batch "runner-[\d-]+" is forbidden: ValidatingAdmissionPolicy 'no-privilege-[\w-]+' with binding 'no-privilege-[\w-]+' denied request: no privileged containers here\); change the template to what that rule allows, or ask whoever keeps it$/,
      );
    });
  });

  it('a namespace that is being deleted', async () => {
    const { job } = manifestsOf(place, 1);
    await cluster.create(place, { ...job, metadata: { ...job.metadata, finalizers: ['example.com/stays'] } });
    await cluster.admin.request('DELETE', `/api/v1/namespaces/${place.namespace}`);
    expect(await sentenceOf(api.createJob(place, manifestsOf(place, 2).job))).toBe(
      'cluster "test" (URL): cannot create jobs in namespace "NAMESPACE": refused (403, Forbidden: jobs.batch "runner-00000000-0000-4000-8000-000000000002" is forbidden: unable to create new content in namespace NAMESPACE because it is being terminated); wait until the namespace is gone and create it anew, or give the groups another one',
    );
  });
});

describe('what keeps us out', () => {
  it('a token that the cluster does not know, or no longer knows', async () => {
    const stranger = apiWith(cluster.kubeconfigWith({ token: 'expired' }));
    expect(await sentenceOf(stranger.list(place))).toBe(
      'cluster "test" (URL): cannot list jobs in namespace "NAMESPACE": the credentials are not accepted (401); log in again, or check what the kubeconfig gives as credentials',
    );
  });

  const stranger = makeCertificate(['autoscaler']);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  it.each([
    {
      name: 'a client certificate that is not from the cluster’s CA',
      user: { 'client-certificate-data': base64(stranger.cert), 'client-key-data': base64(stranger.key) },
    },
    { name: 'no credentials at all', user: {} },
  ])('$name', async ({ user }) => {
    expect(await sentenceOf(apiWith(cluster.kubeconfigWith(user)).list(place))).toMatch(
      /^cluster "test" \(URL\): cannot list \w+ in namespace "NAMESPACE": the cluster does not know who is asking \(403, system:anonymous\); log in again, or check what the kubeconfig gives as credentials$/,
    );
  });

  it('a server whose certificate is from another CA', async () => {
    const certificateAuthority = makeCertificate(['localhost']).cert;
    const path = cluster.kubeconfigWith({ token: 'any' }, { certificateAuthority });
    expect(await sentenceOf(apiWith(path).list(place))).toMatch(
      /^cluster "test" \(URL\): cannot list \w+ in namespace "NAMESPACE": the server's certificate is not from the CA that we were given; update certificate-authority-data \([A-Z_]+\)$/,
    );
  });
});
