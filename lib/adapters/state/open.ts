/**
 * Opens the state store that a location names. The DynamoDB client is loaded only when it is asked for.
 */
import { InputError } from '#core/errors.ts';
import type { StateStore } from '#core/ports.ts';
import type { AwsClientOptions } from '../aws/client.ts';
import { createMemoryStateStore } from './memory.ts';

/** A table's name or ARN, as DynamoDB accepts them. */
const TABLE = /^(?:[\w.-]{3,255}|arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]{3,255})$/;

/** Opens the SQLite database at a path. A new one begins with what the state file of an earlier version holds. */
export type OpenDatabase = (path: string, formerFile?: string) => Promise<StateStore>;

/**
 * `dynamodb:TABLE` | `sqlite:PATH` | `memory`; anything else throws `InputError`. `file:PATH`, of earlier versions, is the
 * database beside that file. Nothing is read yet: a table that is missing shows at the first call.
 */
export async function openStateStore(
  location: string,
  { openDatabase, ...options }: AwsClientOptions & { readonly openDatabase: OpenDatabase },
): Promise<StateStore> {
  if (location === 'memory') return createMemoryStateStore();
  const [kind, name] = splitOnce(location);
  if (kind === 'sqlite' && name !== '') return await openDatabase(name);
  if (kind === 'file' && name !== '') return await openDatabase(`${name}.sqlite`, name);
  if (kind === 'dynamodb' && TABLE.test(name)) {
    const { createDynamoDbStateStore } = await import('./dynamodb.ts');
    return createDynamoDbStateStore(name, options);
  }
  throw new InputError(
    `State store "${location}" is not one that exists; use dynamodb:TABLE with a table's name, sqlite:PATH or memory (option --state or STATE_STORE)`,
  );
}

function splitOnce(location: string): readonly [kind: string, name: string] {
  const colon = location.indexOf(':');
  return colon === -1 ? [location, ''] : [location.slice(0, colon), location.slice(colon + 1)];
}
