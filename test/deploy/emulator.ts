/**
 * AWS on the loopback interface: moto in a process of its own, with IAM in front of it.
 *
 *   await using aws = await startEmulator();
 *   await aws.call('dynamodb', 'describe_table', { TableName: 'state' });    // as boto3 spells it
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { awsEnvironment } from '#kit/loopback.ts';
import { installPythonPrograms } from './python.ts';

/** What moto calls its one account. */
export const ACCOUNT = '123456789012';
export const REGION = 'eu-west-1';

/** An address for a cluster that EKS describes. */
export type ClusterPlace = { readonly name: string; readonly endpoint: string; readonly ca: string };

export type Emulator = AsyncDisposable & {
  /** The SDK's variables for somebody who may do everything; nothing of the machine's own settings among them. */
  readonly environment: Readonly<Record<string, string>>;
  /** An operation of a service, both as boto3 spells them. `T` is what the caller reads of the answer. */
  call<T>(service: string, operation: string, parameters?: Readonly<Record<string, unknown>>): Promise<T>;
  /** What functions have sent to other functions since it was asked last. */
  invoked(): Promise<readonly { readonly function: string; readonly event: unknown }[]>;
  /** Lets EKS describe a cluster at this address. */
  placeCluster(place: ClusterPlace): Promise<void>;
};

type Answer = { readonly value?: unknown; readonly error?: string };

/** Starts it; some 3 seconds. */
export async function startEmulator(): Promise<Emulator> {
  const { python } = installPythonPrograms({ environment: process.env });
  const child = spawn(python, [fileURLToPath(new URL('emulator.py', import.meta.url))], {
    env: {
      ...awsEnvironment('http://127.0.0.1:1'),
      AWS_DEFAULT_REGION: REGION,
      // Its sources lie in the checkout.
      PYTHONDONTWRITEBYTECODE: '1',
      PATH: process.env.PATH,
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let latest: Promise<unknown> = Promise.resolve();

  async function nextAnswer(): Promise<unknown> {
    const { value: line } = await lines.next();
    if (line === undefined) throw new Error('the emulator has ended; try "python test/deploy/emulator.py" by hand');
    const { value, error } = JSON.parse(line) as Answer;
    if (error !== undefined) throw new Error(error);
    return value;
  }

  /** One at a time, since answers come in the order of the questions. */
  function ask(command: object): Promise<unknown> {
    const answer = latest.then(() => {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      return nextAnswer();
    });
    latest = answer.catch(() => undefined);
    return answer;
  }

  const url = String(await nextAnswer());
  return {
    environment: awsEnvironment(url),
    call: async <T>(service: string, operation: string, parameters: object = {}) =>
      (await ask({ call: { service, operation, arguments: parameters } })) as T,
    invoked: async () => (await ask({ invoked: true })) as Awaited<ReturnType<Emulator['invoked']>>,
    placeCluster: async (place) => {
      await ask({ place: { region: REGION, ...place } });
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await closed;
    },
  };
}
