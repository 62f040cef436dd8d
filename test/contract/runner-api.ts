/**
 * What every RunnerApi must do, whether it speaks to Bitbucket or is the in-memory world. A test file calls
 * `runnerApiContract` with a way to make a fresh subject for each test.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServiceError } from '#core/errors.ts';
import type { Scope } from '#core/model/configuration.ts';
import type { RunnerApi } from '#core/ports.ts';

/** An API and the hands behind it that arrange what Bitbucket and runners do by themselves. */
export type RunnerApiSubject = {
  readonly api: RunnerApi;
  /** Two scopes of one workspace that exist and are empty, given by names. */
  readonly scopes: { readonly workspace: Scope; readonly repository: Scope & { readonly repository: string } };
  readonly control: {
    /** The runner comes up and connects: it is ONLINE. */
    connect(scope: Scope, uuid: string): void | Promise<void>;
    startStep(scope: Scope, uuid: string): void | Promise<void>;
    endStep(scope: Scope, uuid: string): void | Promise<void>;
    /** Registers runners that the API did not create. */
    addForeign(scope: Scope, count: number): void | Promise<void>;
    /** The next call of this method is refused. */
    failNext(method: keyof RunnerApi): void | Promise<void>;
  };
  /** More runners than fit on one page, if there are pages. */
  readonly severalPages: number;
  close(): void | Promise<void>;
};

const RUNNER = { name: 'runner-1', labels: ['self.hosted', 'linux', 'autoscaler.created'] };
const ABSENT = '{00000000-0000-4000-8000-000000000000}';

/** Declares the suite under `name`; `makeSubject` is called before each test. */
export function runnerApiContract(name: string, makeSubject: () => RunnerApiSubject | Promise<RunnerApiSubject>): void {
  describe(`RunnerApi contract: ${name}`, () => {
    let subject: RunnerApiSubject;
    beforeEach(async () => {
      subject = await makeSubject();
    });
    afterEach(() => subject.close());

    const registered = async (scope = subject.scopes.workspace): Promise<string> =>
      (await subject.api.register(scope, RUNNER)).runner.uuid;

    describe('register', () => {
      it('gives an UNREGISTERED runner, without a step, and its credentials', async () => {
        const { runner, clientId, clientSecret } = await subject.api.register(subject.scopes.workspace, RUNNER);
        expect(runner).toMatchObject({
          uuid: expect.stringMatching(/^\{.+\}$/),
          name: 'runner-1',
          labels: ['autoscaler.created', 'linux', 'self.hosted'],
          status: 'UNREGISTERED',
          statusText: 'UNREGISTERED',
          cordoned: false,
          hasStep: false,
        });
        expect(clientId).not.toBe('');
        expect(clientSecret.reveal()).not.toBe('');
      });

      it('shows in the list and in get as the same runner', async () => {
        const { api, scopes } = subject;
        const { runner } = await api.register(scopes.workspace, RUNNER);
        expect(await api.list(scopes.workspace)).toEqual([runner]);
        expect(await api.get(scopes.workspace, runner.uuid)).toEqual(runner);
      });

      it('gives each registration its own uuid, whatever the name', async () => {
        expect(await registered()).not.toBe(await registered());
        expect(await subject.api.list(subject.scopes.workspace)).toHaveLength(2);
      });

      it('registers nothing when it is refused', async () => {
        const { api, scopes, control } = subject;
        await control.failNext('register');
        await expect(api.register(scopes.workspace, RUNNER)).rejects.toMatchObject({ outcome: 'refused' });
        expect(await api.list(scopes.workspace)).toEqual([]);
      });
    });

    describe('a runner', () => {
      it('is ONLINE when it has connected', async () => {
        const { api, scopes, control } = subject;
        const uuid = await registered();
        await control.connect(scopes.workspace, uuid);
        expect(await api.get(scopes.workspace, uuid)).toMatchObject({ status: 'ONLINE', hasStep: false });
      });

      it('has a step while one runs on it', async () => {
        const { api, scopes, control } = subject;
        const uuid = await registered();
        await control.connect(scopes.workspace, uuid);
        await control.startStep(scopes.workspace, uuid);
        expect(await api.list(scopes.workspace)).toMatchObject([{ status: 'ONLINE', hasStep: true }]);
        await control.endStep(scopes.workspace, uuid);
        expect(await api.list(scopes.workspace)).toMatchObject([{ status: 'ONLINE', hasStep: false }]);
      });
    });

    describe('disable', () => {
      it('takes the runner out of service', async () => {
        const { api, scopes, control } = subject;
        const uuid = await registered();
        await control.connect(scopes.workspace, uuid);
        await api.disable(scopes.workspace, uuid);
        const runner = await api.get(scopes.workspace, uuid);
        expect(runner?.status === 'DISABLED' || runner?.cordoned).toBe(true);
      });

      it('leaves a running step on the runner', async () => {
        const { api, scopes, control } = subject;
        const uuid = await registered();
        await control.connect(scopes.workspace, uuid);
        await control.startStep(scopes.workspace, uuid);
        await api.disable(scopes.workspace, uuid);
        expect(await api.get(scopes.workspace, uuid)).toMatchObject({ hasStep: true });
      });

      it('can be repeated', async () => {
        const { api, scopes } = subject;
        const uuid = await registered();
        await api.disable(scopes.workspace, uuid);
        await expect(api.disable(scopes.workspace, uuid)).resolves.toBeUndefined();
      });

      it('succeeds for a runner that is not there', async () => {
        await expect(subject.api.disable(subject.scopes.workspace, ABSENT)).resolves.toBeUndefined();
      });
    });

    describe('enable', () => {
      it('puts the runner back into service', async () => {
        const { api, scopes, control } = subject;
        const uuid = await registered();
        await control.connect(scopes.workspace, uuid);
        await api.disable(scopes.workspace, uuid);
        await api.enable(scopes.workspace, uuid);
        const runner = await api.get(scopes.workspace, uuid);
        expect(['ENABLED', 'ONLINE']).toContain(runner?.status);
        expect(runner?.cordoned).toBe(false);
      });

      it('refused leaves it out of service', async () => {
        const { api, scopes, control } = subject;
        const uuid = await registered();
        await api.disable(scopes.workspace, uuid);
        await control.failNext('enable');
        await expect(api.enable(scopes.workspace, uuid)).rejects.toMatchObject({
          name: 'ServiceError',
          outcome: 'refused',
        });
        expect(await api.get(scopes.workspace, uuid)).toMatchObject({ status: 'DISABLED' });
      });

      it('is refused for a runner that is not there', async () => {
        await expect(subject.api.enable(subject.scopes.workspace, ABSENT)).rejects.toMatchObject({
          outcome: 'refused',
        });
      });
    });

    describe('remove', () => {
      it('makes the runner unknown to get and list', async () => {
        const { api, scopes } = subject;
        const uuid = await registered();
        await api.remove(scopes.workspace, uuid);
        expect(await api.get(scopes.workspace, uuid)).toBeUndefined();
        expect(await api.list(scopes.workspace)).toEqual([]);
      });

      it('can be repeated', async () => {
        const { api, scopes } = subject;
        const uuid = await registered();
        await api.remove(scopes.workspace, uuid);
        await expect(api.remove(scopes.workspace, uuid)).resolves.toBeUndefined();
      });

      it('succeeds for a runner that is not there', async () => {
        await expect(subject.api.remove(subject.scopes.workspace, ABSENT)).resolves.toBeUndefined();
      });
    });

    describe('list', () => {
      it('is empty where nothing is registered', async () => {
        expect(await subject.api.list(subject.scopes.workspace)).toEqual([]);
      });

      it('shows each runner once, over several pages, whoever registered it', async () => {
        const { api, scopes, control, severalPages } = subject;
        const uuid = await registered();
        await control.addForeign(scopes.workspace, severalPages);
        const uuids = (await api.list(scopes.workspace)).map((runner) => runner.uuid);
        expect(uuids).toContain(uuid);
        expect(uuids).toHaveLength(severalPages + 1);
        expect(new Set(uuids).size).toBe(severalPages + 1);
      });

      it('keeps a workspace and its repository apart', async () => {
        const { api, scopes } = subject;
        const ofWorkspace = await registered(scopes.workspace);
        const ofRepository = await registered(scopes.repository);
        expect(await api.list(scopes.workspace)).toMatchObject([{ uuid: ofWorkspace }]);
        expect(await api.list(scopes.repository)).toMatchObject([{ uuid: ofRepository }]);
        expect(await api.get(scopes.repository, ofWorkspace)).toBeUndefined();
      });

      it('throws a ServiceError when it fails, and recovers', async () => {
        const { api, scopes, control } = subject;
        const uuid = await registered();
        await control.failNext('list');
        await expect(api.list(scopes.workspace)).rejects.toBeInstanceOf(ServiceError);
        expect(await api.list(scopes.workspace)).toMatchObject([{ uuid }]);
      });
    });

    describe('identify', () => {
      it('gives the uuid of a workspace', async () => {
        const identity = await subject.api.identify(subject.scopes.workspace);
        expect(identity).toEqual({ workspaceUuid: expect.stringMatching(/^\{.+\}$/) });
      });

      it('gives both uuids of a repository', async () => {
        const { api, scopes } = subject;
        const { workspaceUuid } = await api.identify(scopes.workspace);
        const identity = await api.identify(scopes.repository);
        expect(identity).toEqual({ workspaceUuid, repositoryUuid: expect.stringMatching(/^\{.+\}$/) });
      });

      it('gives uuids as they are', async () => {
        const scope = { workspace: ABSENT, repository: ABSENT };
        expect(await subject.api.identify(scope)).toEqual({ workspaceUuid: ABSENT, repositoryUuid: ABSENT });
      });
    });
  });
}
