/** From the environment to what reads past pipelines: a client of its own, which the functions never load. */
import type { CallBudget, Meter } from '#core/budget/call-budget.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { createBitbucketClient } from './bitbucket/client.ts';
import { createBitbucketPastApi, type PastApi } from './bitbucket/past.ts';
import { keepBudgets } from './budget/by-credential.ts';
import { loadCredential } from './credentials.ts';
import type { Environment } from './environment.ts';

/** A workspace's past, the budget that its calls count towards, and how many have left. */
export type Past = { readonly api: PastApi; readonly budget: CallBudget; readonly calls: () => number };

/**
 * Opens a workspace's past with the credential and budget that `workspaces` say, or else the environment. `meterOf` may put
 * a limit of its own before the budget. Throws `InputError` when there is no credential.
 */
export async function wirePast(
  environment: Environment,
  request: {
    readonly workspace: string;
    readonly workspaces: Fleet['workspaces'];
    readonly meterOf: (budget: CallBudget) => Meter;
    readonly now?: () => Instant;
  },
): Promise<Past> {
  const { workspace, workspaces, meterOf, now = Date.now } = request;
  const { bitbucketSecretId, credential: fromEnvironment, bitbucketBaseUrl: baseUrl } = environment;
  const budgets = keepBudgets({ secretId: bitbucketSecretId, fromEnvironment }, now);
  const budget = budgets({ groups: [], workspaces, clusters: {} })(workspace);
  const secretId = workspaces[workspace]?.secretId ?? bitbucketSecretId;
  const credential = await loadCredential({ secretId, fromEnvironment, now: now() });
  let calls = 0;
  const onCall = () => {
    calls += 1;
  };
  const client = createBitbucketClient({ baseUrl, credential, onCall, meter: meterOf(budget), now });
  return { api: createBitbucketPastApi(client), budget, calls: () => calls };
}
