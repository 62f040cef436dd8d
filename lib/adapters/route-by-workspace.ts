/** Bitbucket's ports over many workspaces, each with its own client. */
import type { PipelineApi, RunnerApi } from '#core/ports.ts';

/**
 * A RunnerApi that sends every call to the client of its scope's workspace. When a client cannot be had, such as for
 * want of a credential, the calls for its workspace reject with that error, and those for other workspaces go on.
 * `clientOf` is asked before every call; it is expected to keep what it made.
 */
export function routeByWorkspace(clientOf: (workspace: string) => Promise<RunnerApi>): RunnerApi {
  return {
    list: async (scope) => (await clientOf(scope.workspace)).list(scope),
    get: async (scope, uuid) => (await clientOf(scope.workspace)).get(scope, uuid),
    identify: async (scope) => (await clientOf(scope.workspace)).identify(scope),
    register: async (scope, runner) => (await clientOf(scope.workspace)).register(scope, runner),
    disable: async (scope, uuid) => (await clientOf(scope.workspace)).disable(scope, uuid),
    remove: async (scope, uuid) => (await clientOf(scope.workspace)).remove(scope, uuid),
  };
}

/** A PipelineApi that does the same. */
export function routePipelines(clientOf: (workspace: string) => Promise<PipelineApi>): PipelineApi {
  return {
    recentRepositories: async (workspace, request) =>
      (await clientOf(workspace)).recentRepositories(workspace, request),
    openPipelines: async (scope) => (await clientOf(scope.workspace)).openPipelines(scope),
    waitingSteps: async (scope, pipeline) => (await clientOf(scope.workspace)).waitingSteps(scope, pipeline),
  };
}
