/** Beginning a look in another function, without waiting for what comes of it. */
import { shardOf } from '#core/select.ts';
import { awsClientSettings } from '../aws/client.ts';
import { awsFailure } from '../aws/failure.ts';
import type { Scaler } from '../environment.ts';

/** Lets it look at a workspace now. Throws `ServiceError`. */
export async function invokeLook({ name, shards }: Pick<Scaler, 'name' | 'shards'>, workspace: string): Promise<void> {
  const { InvokeCommand, LambdaClient } = await import('../aws/lambda.ts');
  const event = {
    wake: workspace,
    // The lease of this shard keeps its ticks apart.
    ...(shards > 1 && { shard: { index: shardOf(workspace, shards), of: shards } }),
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
