/** Whether an account can reserve concurrency: new accounts cannot, and CloudFormation says so only when it rolls back. */
import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
  type LambdaClientConfig,
} from '@aws-sdk/client-lambda';

/** Executions at a time. */
type Concurrency = {
  /** Of the whole account and region, and the part of it that no function has reserved. */
  readonly limit: number;
  readonly unreserved: number;
  /** What the functions have already. */
  readonly reserved: number;
};

/** What an account keeps unreserved, and what a small one does. */
const KEPT = { usual: 100, small: 10 };

/** A sentence, when the account cannot reserve as much; nothing when it can, or does not say: CloudFormation does then. */
export async function complaintOfAccount(
  settings: LambdaClientConfig,
  functionNames: readonly string[],
  wanted: number,
): Promise<string | undefined> {
  const client = new LambdaClient({ ...settings, maxAttempts: 1 });
  try {
    const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}));
    const { ConcurrentExecutions: limit, UnreservedConcurrentExecutions: unreserved } = AccountLimit ?? {};
    if (limit === undefined || unreserved === undefined) return undefined;
    const reserved = await Promise.all(functionNames.map((name) => reservedNow(client, name)));
    const sum = reserved.reduce((all, one) => all + one, 0);
    return concurrencyComplaint({ limit, unreserved, reserved: sum }, wanted);
  } catch {
    return undefined;
  }
}

/** Zero before the first deployment. */
async function reservedNow(client: LambdaClient, FunctionName: string): Promise<number> {
  try {
    const { ReservedConcurrentExecutions = 0 } = await client.send(new GetFunctionConcurrencyCommand({ FunctionName }));
    return ReservedConcurrentExecutions;
  } catch {
    return 0;
  }
}

/** The same for an account that is known. */
export function concurrencyComplaint({ limit, unreserved, reserved }: Concurrency, wanted: number): string | undefined {
  const kept = limit < KEPT.usual ? KEPT.small : KEPT.usual;
  if (unreserved + reserved - wanted >= kept) return undefined;
  return `This account may run ${limit} functions at a time, of which ${unreserved} are not reserved, and AWS keeps ${kept} of them so: ${wanted} cannot be reserved for the functions. Deploy with reserve-concurrency=false (the lease in the table keeps ticks apart in either case), or ask AWS for a higher quota`;
}
