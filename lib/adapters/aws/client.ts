/**
 * What every AWS client here has in common: bounded time, bounded retries, and a count of the requests that leave.
 * Region, credentials and `AWS_ENDPOINT_URL` are the SDK's own business; it reads them from its usual places.
 */
import { agents } from '../http/connections.ts';

/** What callers may say about an AWS client. */
export type AwsClientOptions = {
  /** Called once for each request that leaves the process, repeats included. */
  readonly onCall?: () => void;
  /** How long one request may take, and how long an answer may pause; 5 s. */
  readonly timeoutMs?: number;
};

/**
 * Constructor settings for any client of the SDK. Its connections are those of all clients, so that no client has to be
 * destroyed after its use.
 */
export function awsClientSettings({ timeoutMs = 5_000 }: AwsClientOptions) {
  return {
    // The first try included: a tick must not spend its minute on one table.
    maxAttempts: 3,
    retryMode: 'standard',
    requestHandler: {
      httpAgent: agents['http:'],
      httpsAgent: agents['https:'],
      connectionTimeout: Math.min(2_000, timeoutMs),
      requestTimeout: timeoutMs,
      // Without this the SDK only warns about a request that takes too long.
      throwOnRequestTimeout: true,
      socketTimeout: timeoutMs,
    },
  };
}

type Middleware = <Input, Output>(next: (args: Input) => Promise<Output>) => (args: Input) => Promise<Output>;
type MiddlewarePlace = { readonly step: 'deserialize'; readonly priority: 'low'; readonly name: string };
type Client = { readonly middlewareStack: { add(middleware: Middleware, place: MiddlewarePlace): void } };

/** Makes the client count. The step lies inside the retry loop and behind signing, so each attempt that leaves counts. */
export function countCalls<SomeClient extends Client>(
  client: SomeClient,
  onCall: (() => void) | undefined,
): SomeClient {
  if (onCall !== undefined) {
    client.middlewareStack.add(
      (next) => (args) => {
        onCall();
        return next(args);
      },
      { step: 'deserialize', priority: 'low', name: 'countCalls' },
    );
  }
  return client;
}
