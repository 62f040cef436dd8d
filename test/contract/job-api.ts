/**
 * What every JobApi must do, whether it speaks to a cluster or is the in-memory world. A test file calls
 * `jobApiContract` with a way to make a fresh subject for each test.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServiceError } from '#core/errors.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { JobApi, Namespace } from '#core/ports.ts';
import { Secret } from '#core/secret.ts';
import { group, runner } from '#kit/fleet.ts';
import { jobName, secretName } from '#manifests/naming.ts';
import { manifestsFromTemplates, renderManifests } from '#manifests/render.ts';

/** An API and the hands behind it that look into the cluster and do what its controllers and nodes do. */
export type JobApiSubject = {
  readonly api: JobApi;
  /** Two namespaces that exist and are empty. */
  readonly namespaces: readonly [Namespace, Namespace];
  /** A namespace that does not exist. */
  readonly absent: Namespace;
  readonly control: {
    /** Names of the Secrets there, once garbage collection has had its time. */
    secrets(namespace: Namespace): readonly string[] | Promise<readonly string[]>;
    /** The Job ends. */
    endJob(namespace: Namespace, name: string, how: 'complete' | 'failed'): void | Promise<void>;
    /** The Job's pod runs. */
    startPod(namespace: Namespace, name: string): void | Promise<void>;
    /** No node takes the Job's pod. */
    refusePod(namespace: Namespace, name: string, message: string): void | Promise<void>;
    /** The Job's pod is to leave its node. */
    reclaimPod(namespace: Namespace, name: string): void | Promise<void>;
    /** The node of the Job's pod does not give it what it asks for from now on. */
    refuseResizes(namespace: Namespace, name: string, why: 'Deferred' | 'Infeasible'): void | Promise<void>;
    /** The runner takes a step; its log says so. With `completed`, it ends. */
    runStep(namespace: Namespace, name: string, state: 'begun' | 'completed'): void | Promise<void>;
    /** The next call of this method is refused. */
    failNext(method: keyof JobApi): void | Promise<void>;
  };
  /** More Jobs than fit on one page, if there are pages. */
  readonly severalPages: number;
  close(): void | Promise<void>;
};

/** What a runner logs when it takes a step, and when that ends. */
export const STEP_LINES = {
  begun: '[2026-11-27 12:00:00,000] Getting step StepId{accountUuid={a}, stepUuid={s}}.\n',
  completed: '[2026-11-27 12:09:00,000] Completing step with result Result{status=PASSED, error=None}.\n',
};

/** A uuid in Bitbucket's form, by number. */
function uuid(number: number): string {
  return `{00000000-0000-4000-8000-${String(number).padStart(12, '0')}}`;
}

/** A template of somebody's own, without any label. */
const SILENT_TEMPLATE = {
  name: 'silent',
  origin: 'silent.yaml',
  text: `
apiVersion: batch/v1
kind: Job
metadata: { name: "runner-{{runnerUuid}}" }
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: runner, image: runner }]
`,
};

function manifestsOf(place: Namespace, number: number, over: Partial<RunnerGroup> = {}, isFull?: true) {
  return renderManifests({
    group: group({ ...place, name: 'Builds: größere', ...over }),
    runner: runner({ uuid: uuid(number) }),
    identity: { workspaceUuid: uuid(999) },
    credentials: { clientId: 'client-id', clientSecret: new Secret('client-secret') },
    ...(isFull && { isFull }),
  });
}

/** Declares the suite under `name`; `makeSubject` is called before each test. */
export function jobApiContract(name: string, makeSubject: () => JobApiSubject | Promise<JobApiSubject>): void {
  describe(`JobApi contract: ${name}`, () => {
    let subject: JobApiSubject;
    let place: Namespace;
    beforeEach(async () => {
      subject = await makeSubject();
      [place] = subject.namespaces;
    });
    afterEach(() => subject.close());

    const launch = async (number: number): Promise<string> => {
      const { job, secret } = manifestsOf(place, number);
      const owner = await subject.api.createJob(place, job);
      await subject.api.createSecret(place, secret, owner);
      return job.metadata.name;
    };

    it('lists nothing where there is nothing', async () => {
      expect(await subject.api.list(place)).toEqual([]);
    });

    it('lists a Job under its runner and its group, exactly as they are called', async () => {
      await launch(1);
      expect(await subject.api.list(place)).toMatchObject([
        {
          name: jobName(uuid(1)),
          runnerUuid: '00000000-0000-4000-8000-000000000001',
          group: 'Builds: größere',
          status: 'active',
        },
      ]);
    });

    it.each([
      { of: 'a workspace', identity: { workspaceUuid: uuid(7) } },
      { of: 'a repository', identity: { workspaceUuid: uuid(7), repositoryUuid: uuid(8) } },
    ])('tells the scope of a runner of $of, though its template says nothing of it', async ({ identity }) => {
      const { job } = renderManifests({
        group: group({ ...place, pod: { ...group().pod, template: SILENT_TEMPLATE } }),
        runner: runner({ uuid: uuid(1) }),
        identity,
        credentials: { clientId: 'client-id', clientSecret: new Secret('client-secret') },
      });
      await subject.api.createJob(place, job);
      const [listed] = await subject.api.list(place);
      expect(listed?.identity).toEqual(identity);
    });

    it('tells what a Job was made from, where its group asks for it', async () => {
      const { job } = manifestsOf(place, 1, { recycle: { onChange: true } });
      await subject.api.createJob(place, job);
      await subject.api.createJob(place, manifestsOf(place, 2).job);
      const jobs = await subject.api.list(place);
      const told = jobs.map(({ name, fingerprint }) => [name, fingerprint]);
      const made = manifestsFromTemplates.fingerprint(group(place));
      expect(told.toSorted()).toEqual([
        [jobName(uuid(1)), made],
        [jobName(uuid(2)), undefined],
      ]);
    });

    it('keeps namespaces apart', async () => {
      await launch(1);
      expect(await subject.api.list(subject.namespaces[1])).toEqual([]);
    });

    it('lists every Job once, over all pages', async () => {
      const numbers = Array.from({ length: subject.severalPages }, (_, index) => index + 1);
      await Promise.all(numbers.map((number) => subject.api.createJob(place, manifestsOf(place, number).job)));
      const names = (await subject.api.list(place)).map((job) => job.name);
      expect(names.toSorted()).toEqual(numbers.map((number) => jobName(uuid(number))));
    });

    it('creating a Job again gives the one that is there', async () => {
      const { job } = manifestsOf(place, 1);
      const first = await subject.api.createJob(place, job);
      expect(first).toEqual({ name: jobName(uuid(1)), uid: expect.any(String) });
      expect(await subject.api.createJob(place, job)).toEqual(first);
      expect(await subject.api.list(place)).toHaveLength(1);
    });

    it('creating a Secret again is success', async () => {
      const { job, secret } = manifestsOf(place, 1);
      const owner = await subject.api.createJob(place, job);
      await subject.api.createSecret(place, secret, owner);
      await subject.api.createSecret(place, secret, owner);
      expect(await subject.control.secrets(place)).toEqual([secretName(uuid(1))]);
    });

    it('deleting a Job takes its Secret along, and nothing else', async () => {
      await launch(1);
      await launch(2);
      await subject.api.deleteJob(place, jobName(uuid(1)));
      expect((await subject.api.list(place)).map((job) => job.name)).toEqual([jobName(uuid(2))]);
      expect(await subject.control.secrets(place)).toEqual([secretName(uuid(2))]);
    });

    it('deleting a Job that is not there is success', async () => {
      await subject.api.deleteJob(place, jobName(uuid(1)));
      await launch(1);
      await subject.api.deleteJob(place, jobName(uuid(1)));
      await subject.api.deleteJob(place, jobName(uuid(1)));
      expect(await subject.api.list(place)).toEqual([]);
    });

    it.each(['complete', 'failed'] as const)('tells a Job that is %s', async (how) => {
      await subject.control.endJob(place, await launch(1), how);
      expect(await subject.api.list(place)).toMatchObject([{ status: how }]);
    });

    it('tells a pod that runs', async () => {
      await subject.control.startPod(place, await launch(1));
      const [job] = await subject.api.list(place);
      expect(job?.pod).toMatchObject({ phase: 'Running', restarts: 0 });
      expect(job?.pod).not.toHaveProperty('trouble');
    });

    it('tells why a pod does not start', async () => {
      await subject.control.refusePod(place, await launch(1), '0/5 nodes are available');
      const [job] = await subject.api.list(place);
      expect(job?.pod).toMatchObject({
        phase: 'Pending',
        trouble: { reason: 'Unschedulable', message: '0/5 nodes are available' },
      });
    });

    it('tells that a pod is being taken away', async () => {
      const name = await launch(1);
      await launch(2);
      await subject.control.startPod(place, name);
      await subject.control.reclaimPod(place, name);
      const jobs = await subject.api.list(place);
      const told = (job: string) => jobs.find((each) => each.name === job);
      expect(told(name)).toMatchObject({ status: 'active', takenAway: { why: expect.any(String) } });
      expect(told(jobName(uuid(2)))).not.toHaveProperty('takenAway');
    });

    it('keeps a pod in place from its beginning, lets it go, and keeps it again', async () => {
      await subject.control.startPod(place, await launch(1));
      const marks: unknown[] = [];
      for (const isProtected of [undefined, false, false, true]) {
        const [before] = await subject.api.list(place);
        if (isProtected !== undefined) await subject.api.protectPod(place, before?.pod?.name ?? '', isProtected);
        const [after] = await subject.api.list(place);
        marks.push(after?.pod?.isProtected);
      }
      expect(marks).toEqual([true, false, false, true]);
    });

    it('marking a pod that is not there is success', async () => {
      await expect(subject.api.protectPod(place, 'gone', false)).resolves.toBeUndefined();
    });

    const IDLE: Partial<RunnerGroup> = {
      pod: { ...group().pod, whenIdle: { requests: { cpu: '50m', memory: '256Mi' } } },
    };
    const REQUESTS = { idle: { cpu: '50m', memory: '256Mi' }, full: { cpu: '1000m', memory: '4Gi' } };
    const DOCKER = { container: 'docker', isInit: true } as const;
    const launchIdle = async (number: number, isFull?: true): Promise<string> => {
      const { job, secret } = manifestsOf(place, number, IDLE, isFull);
      await subject.api.createSecret(place, secret, await subject.api.createJob(place, job));
      await subject.control.startPod(place, job.metadata.name);
      return job.metadata.name;
    };
    const resizeOf = async (name: string) => {
      const pod = (await subject.api.list(place)).find((job) => job.name === name)?.pod;
      return { pod: pod?.name ?? '', resize: pod?.resize };
    };

    it('has a pod ask for little, for all that its size says, and for little again', async () => {
      const name = await launchIdle(1);
      const { pod, resize } = await resizeOf(name);
      expect(resize).toEqual({ ...DOCKER, ...REQUESTS, asks: 'idle' });
      for (const kind of ['full', 'idle'] as const) {
        await subject.api.resizePod(place, pod, { ...DOCKER, requests: REQUESTS[kind] });
        expect((await resizeOf(name)).resize).toEqual({ ...DOCKER, ...REQUESTS, asks: kind });
      }
    });

    it('has a pod ask for all from its beginning where it is made for a busy runner, and others for what they always do', async () => {
      expect((await resizeOf(await launchIdle(1, true))).resize).toMatchObject({ asks: 'full' });
      const plain = await launch(2);
      expect((await resizeOf(plain)).resize).toBeUndefined();
    });

    it.each(['Deferred', 'Infeasible'] as const)('tells what a node does not give: %s', async (why) => {
      const name = await launchIdle(1);
      const { pod } = await resizeOf(name);
      await subject.control.refuseResizes(place, name, why);
      await subject.api.resizePod(place, pod, { ...DOCKER, requests: REQUESTS.full });
      await subject.control.startPod(place, name);
      const { resize } = await resizeOf(name);
      expect(resize).toMatchObject({ asks: 'full', pending: { reason: why, since: expect.any(Number) } });
    });

    it('resizing a pod that is not there says so', async () => {
      const attempt = subject.api.resizePod(place, 'gone', { ...DOCKER, requests: REQUESTS.full });
      await expect(attempt).rejects.toMatchObject({ name: 'ServiceError', status: 404 });
    });

    it('tells of a step that began, until it ends', async () => {
      const name = await launch(1);
      await subject.control.startPod(place, name);
      const seen = async () => {
        const [job] = await subject.api.list(place);
        return subject.api.stepInLog(place, job?.pod?.name ?? '', job?.pod?.container);
      };
      expect(await seen()).toBe('none-seen');
      await subject.control.runStep(place, name, 'begun');
      expect(await seen()).toBe('running');
      await subject.control.runStep(place, name, 'completed');
      expect(await seen()).toBe('none-seen');
    });

    it('tells of no step in a pod that is not there', async () => {
      expect(await subject.api.stepInLog(place, 'gone')).toBe('none-seen');
    });

    it('refuses a Job for a namespace that does not exist, and names it', async () => {
      const attempt = subject.api.createJob(subject.absent, manifestsOf(subject.absent, 1).job);
      await expect(attempt).rejects.toThrow(ServiceError);
      await expect(attempt).rejects.toMatchObject({ service: 'kubernetes', outcome: 'refused' });
      await expect(attempt).rejects.toThrow(subject.absent.namespace);
    });

    it.each(['list', 'createJob', 'createSecret', 'deleteJob', 'protectPod', 'resizePod'] as const)(
      'a refused %s throws',
      async (method) => {
        const { job, secret } = manifestsOf(place, 1);
        const owner = await subject.api.createJob(place, job);
        const calls = {
          list: () => subject.api.list(place),
          createJob: () => subject.api.createJob(place, manifestsOf(place, 2).job),
          createSecret: () => subject.api.createSecret(place, secret, owner),
          deleteJob: () => subject.api.deleteJob(place, owner.name),
          protectPod: () => subject.api.protectPod(place, 'any', true),
          resizePod: () => subject.api.resizePod(place, 'any', { container: 'docker', requests: {} }),
        };
        await subject.control.failNext(method);
        await expect(calls[method]()).rejects.toMatchObject({ name: 'ServiceError', service: 'kubernetes' });
        await expect(subject.api.list(place)).resolves.toHaveLength(1);
      },
    );
  });
}
