import { createBitbucketRunnerApi, type Surface } from '#adapters/bitbucket/runners.ts';
import { Secret } from '#core/secret.ts';
import { startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { type RunnerApiSubject, runnerApiContract } from './runner-api.ts';

const METHODS = {
  list: 'GET',
  get: 'GET',
  identify: 'GET',
  register: 'POST',
  enable: 'PUT',
  disable: 'PUT',
  remove: 'DELETE',
};

async function makeSubject(api: Surface): Promise<RunnerApiSubject> {
  const bitbucket = await startLoopbackBitbucket({ workspaces: { acme: ['app'] }, pageLength: 20 });
  return {
    api: createBitbucketRunnerApi({
      baseUrl: bitbucket.url,
      credential: { kind: 'apiToken', email: 'ops@acme.example', token: new Secret('an-api-token') },
      api,
    }),
    scopes: { workspace: { workspace: 'acme' }, repository: { workspace: 'acme', repository: 'app' } },
    control: {
      connect: (scope, uuid) => {
        bitbucket.runner(scope, uuid).status = 'ONLINE';
      },
      startStep: (scope, uuid) => {
        bitbucket.runner(scope, uuid).step = { uuid: '{step}' };
      },
      endStep: (scope, uuid) => {
        bitbucket.runner(scope, uuid).step = null;
      },
      addForeign: (scope, count) => {
        bitbucket.addRunners(scope, count, { name: 'foreign' });
      },
      failNext: (method) => bitbucket.script({ method: METHODS[method], reply: { status: 403 } }),
    },
    severalPages: 45,
    close: () => bitbucket.close(),
  };
}

runnerApiContract('Bitbucket, internal surface', () => makeSubject('internal'));
runnerApiContract('Bitbucket, public surface', () => makeSubject('public'));
