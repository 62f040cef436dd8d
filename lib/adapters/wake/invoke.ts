/** Beginning a look in another function, without waiting for what comes of it. */
import type { Fleet } from '#core/model/configuration.ts';
import { shardOf } from '#core/select.ts';
import { awsClientSettings } from '../aws/client.ts';
import { awsFailure } from '../aws/failure.ts';
import type { Scaler } from '../environment.ts';

/** Lets it look at a workspace of this fleet now. Throws `ServiceError`. */
export async function invokeLook(
  { name, shards }: Pick<Scaler, 'name' | 'shards'>,
  workspace: string,
  fleet: Fleet,
): Promise<void> {
  const { InvokeCommand, LambdaClient } = await import('../aws/lambda.ts');
  const event = {
    wake: workspace,
    // The lease of this shard keeps its ticks apart.
    ...(shards > 1 && { shard: { index: shardOf(nameForShards(workspace, fleet), shards), of: shards } }),
  };
  const order = { FunctionName: name, InvocationType: 'Event', Payload: JSON.stringify(event) } as const;
  try {
    await new LambdaClient(awsClientSettings({})).send(new InvokeCommand(order));
  } catch (error) {
    throw awsFailure(error, {
      action: 'lambda:InvokeFunction',
      subject: `function ${name}`,
      ifMissing: 'deploy the stack again',
    });
  }
}

/** Shards go by the slug where the configuration has a workspace by slug and uuid; tokens, and so `wake.from`, have the slug. */
function nameForShards(workspace: string, { groups }: Fleet): string {
  const slugs = groups
    .filter(({ scope }) => scope.workspace === workspace)
    .flatMap(({ wake }) => wake?.from.map((repository) => repository.workspace) ?? []);
  return slugs.find((slug) => groups.some(({ scope }) => scope.workspace === slug)) ?? workspace;
}
