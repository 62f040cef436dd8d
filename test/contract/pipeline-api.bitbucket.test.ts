import { createBitbucketClient } from '#adapters/bitbucket/client.ts';
import { createBitbucketPipelineApi } from '#adapters/bitbucket/pipelines.ts';
import type { Scope } from '#core/model/configuration.ts';
import { Secret } from '#core/secret.ts';
import { startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { READING } from '../adapters/bitbucket/setup.ts';
import { pipelineApiContract } from './pipeline-api.ts';

const PATHS = { openPipelines: '/pipelines?', waitingSteps: '/steps/', recentRepositories: '-updated_on' };

pipelineApiContract('Bitbucket', async () => {
  const bitbucket = await startLoopbackBitbucket({ workspaces: { acme: ['site', 'api'] } });
  let commits = 0;

  function start(scope: Required<Scope>, labels: readonly string[], state: 'READY' | 'IN_PROGRESS'): void {
    commits += 1;
    const commit = `commit-${commits}`;
    bitbucket.addPipeline(scope, { commit, steps: [{ name: 'Build', state }] });
    const text = `pipelines: { default: [{ step: { name: Build, runs-on: [${labels.join(', ')}] } }] }`;
    bitbucket.putFile(scope, text, commit);
  }

  return {
    api: createBitbucketPipelineApi(
      createBitbucketClient({
        baseUrl: bitbucket.url,
        credential: { kind: 'apiToken', email: 'ops@acme.example', token: new Secret('an-api-token') },
      }),
      READING,
    ),
    scopes: {
      first: { workspace: 'acme', repository: 'site' },
      second: { workspace: 'acme', repository: 'api' },
    },
    control: {
      startRunning: (scope, labels) => start(scope, labels, 'IN_PROGRESS'),
      startWaiting: (scope, labels) => start(scope, labels, 'READY'),
      querySecond: 'name ~ "api"',
      failNext: (method) => bitbucket.script({ path: PATHS[method], reply: { status: 403 } }),
    },
    tooMany: 101,
    close: () => bitbucket.close(),
  };
});
