/**
 * What every PipelineApi must do, whether it speaks to Bitbucket or is the in-memory world. A test file calls
 * `pipelineApiContract` with a way to make a fresh subject for each test.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServiceError } from '#core/errors.ts';
import type { Scope } from '#core/model/configuration.ts';
import type { WaitingSteps } from '#core/model/observation.ts';
import type { PipelineApi } from '#core/ports.ts';

/** An API and the hands behind it that start pipelines. */
export type PipelineApiSubject = {
  readonly api: PipelineApi;
  /** Two repositories of one workspace in which nothing has run yet. */
  readonly scopes: { readonly first: Required<Scope>; readonly second: Required<Scope> };
  readonly control: {
    /** Starts a pipeline whose one step runs. */
    startRunning(scope: Required<Scope>, labels: readonly string[]): void;
    /** Starts one whose one step waits for a runner with these labels. */
    startWaiting(scope: Required<Scope>, labels: readonly string[]): void;
    /** A query that only the second repository satisfies. */
    readonly querySecond: string;
    /** The next call of this method is refused. */
    failNext(method: keyof PipelineApi): void;
  };
  /** More pipelines than are listed. */
  readonly tooMany: number;
  close(): void | Promise<void>;
};

const LINUX = ['linux', 'self.hosted'];
const LARGE = ['large', 'linux', 'self.hosted'];

/** Declares the suite under `name`; `makeSubject` is called before each test. */
export function pipelineApiContract(
  name: string,
  makeSubject: () => PipelineApiSubject | Promise<PipelineApiSubject>,
): void {
  describe(`PipelineApi contract: ${name}`, () => {
    let subject: PipelineApiSubject;
    beforeEach(async () => {
      subject = await makeSubject();
    });
    afterEach(() => subject.close());

    /** The steps that wait in a repository, pipeline by pipeline. */
    async function waiting(scope: Required<Scope>): Promise<readonly (readonly WaitingSteps[])[]> {
      const { pipelines } = await subject.api.openPipelines(scope);
      const found = await Promise.all(pipelines.map((pipeline) => subject.api.waitingSteps(scope, pipeline)));
      return found.map((answer) => answer.waiting);
    }

    it('tells the labels of a step that waits, sorted', async () => {
      const { scopes, control } = subject;
      control.startWaiting(scopes.first, ['self.hosted', 'linux', 'large']);
      expect(await waiting(scopes.first)).toEqual([[{ labels: LARGE, steps: 1 }]]);
    });

    it('counts no step that runs', async () => {
      const { scopes, control } = subject;
      control.startRunning(scopes.first, LINUX);
      expect(await waiting(scopes.first)).toEqual([[]]);
    });

    it('gives the latest pipeline first, each with a uuid of its own', async () => {
      const { api, scopes, control } = subject;
      control.startRunning(scopes.first, LINUX);
      control.startWaiting(scopes.first, LARGE);
      const { pipelines, isWhole } = await api.openPipelines(scopes.first);
      expect(isWhole).toBe(true);
      expect(new Set(pipelines.map(({ uuid }) => uuid)).size).toBe(2);
      expect(await waiting(scopes.first)).toEqual([[{ labels: LARGE, steps: 1 }], []]);
    });

    it('keeps repositories apart', async () => {
      const { scopes, control } = subject;
      control.startWaiting(scopes.first, LINUX);
      control.startWaiting(scopes.second, LARGE);
      expect(await waiting(scopes.second)).toEqual([[{ labels: LARGE, steps: 1 }]]);
    });

    it('has nothing where nothing runs', async () => {
      expect(await subject.api.openPipelines(subject.scopes.first)).toEqual({ pipelines: [], isWhole: true });
    });

    it('says when there are more pipelines than it gives', async () => {
      const { api, scopes, control, tooMany } = subject;
      for (let count = 0; count < tooMany; count += 1) control.startWaiting(scopes.first, LINUX);
      const { pipelines, isWhole } = await api.openPipelines(scopes.first);
      expect(isWhole).toBe(false);
      expect(pipelines).toHaveLength(tooMany - 1);
    });

    it('gives the most recently active repositories first, no more than asked for', async () => {
      const { api, scopes, control } = subject;
      const { workspace } = scopes.first;
      control.startWaiting(scopes.first, LINUX);
      control.startWaiting(scopes.second, LINUX);
      const { repository } = scopes.second;
      expect(await api.recentRepositories(workspace, { limit: 2 })).toEqual([repository, scopes.first.repository]);
      expect(await api.recentRepositories(workspace, { limit: 1 })).toEqual([repository]);
      control.startWaiting(scopes.first, LINUX);
      expect(await api.recentRepositories(workspace, { limit: 1 })).toEqual([scopes.first.repository]);
      expect(await api.recentRepositories(workspace, { limit: 2, query: control.querySecond })).toEqual([repository]);
    });

    it.each(['openPipelines', 'waitingSteps', 'recentRepositories'] as const)(
      'throws a ServiceError when %s fails, and recovers',
      async (method) => {
        const { api, scopes, control } = subject;
        control.startWaiting(scopes.first, LINUX);
        const [pipeline] = (await api.openPipelines(scopes.first)).pipelines;
        const call = {
          openPipelines: () => api.openPipelines(scopes.first),
          waitingSteps: () => api.waitingSteps(scopes.first, pipeline ?? { uuid: '{none}', section: 'default' }),
          recentRepositories: () => api.recentRepositories(scopes.first.workspace, { limit: 1 }),
        }[method];
        control.failNext(method);
        await expect(call()).rejects.toBeInstanceOf(ServiceError);
        await expect(call()).resolves.toBeDefined();
      },
    );
  });
}
