/** From the environment to what reads past pipelines: a client of its own, which the functions never load. */
import type { CallBudget, Meter } from '#core/budget/call-budget.ts';
import type { Fleet } from '#core/model/configuration.ts';
import { createBitbucketClient } from './bitbucket/client.ts';
import { createBitbucketPastApi } from './bitbucket/past.ts';
import { createYamlBox } from './bitbucket/yaml-box.ts';
import { keepBudgets } from './budget/by-credential.ts';
import { loadCredential } from './credentials.ts';
import type { Environment } from './environment.ts';

/**
 * Opens a workspace's past with the credential and budget that `workspaces` say, or else the environment. `meterOf` may put
 * a limit of its own before the budget; `calls` is how many have left. Throws `InputError` when there is no credential.
 */
export async function wireHistory(
  environment: Environment,
  workspace: string,
  workspaces: Fleet['workspaces'],
  meterOf: (budget: CallBudget) => Meter,
) {
  const { bitbucketSecretId, credential: fromEnvironment, bitbucketBaseUrl: baseUrl } = environment;
  const budgets = keepBudgets({ secretId: bitbucketSecretId, fromEnvironment }, Date.now);
  const budget = budgets({ workspaces })(workspace);
  const secretId = workspaces[workspace]?.secretId ?? bitbucketSecretId;
  const credential = await loadCredential({ secretId, fromEnvironment });
  let calls = 0;
  const onCall = () => {
    calls += 1;
  };
  const client = createBitbucketClient({ baseUrl, credential, onCall, meter: meterOf(budget) });
  return { api: createBitbucketPastApi(client, { parse: createYamlBox() }), budget, calls: () => calls };
}
