/**
 * Which requests are repeated after which trouble, and why: one row for each trouble and operation. A refused credential
 * (401) is not a matter of waiting; `delivery.ts` renews it and asks once more.
 */
import type { Answer, Exchange, NoAnswer } from './exchange.ts';

/**
 * What a request is for. At Bitbucket: `read`, `register`, `disable`, `remove` and `token`. At a cluster all is one:
 * reads and deletes by nature, creates because names are functions of the runner's uuid, so that a second one meets
 * "already exists". All but `register` can be done twice with the effect of once.
 */
export type Operation = 'read' | 'register' | 'disable' | 'remove' | 'token' | 'cluster-call';

/** The ways of failing that may pass by themselves, or may be asked about. */
export type Trouble = 'rate-limited' | 'conflict' | 'server-error' | NoAnswer['kind'] | 'not-sent';

/** How often at most these operations are repeated after this trouble. */
export type RetryRule = {
  readonly after: Trouble;
  readonly operations: readonly Operation[];
  readonly repeats: number;
  readonly because: string;
};

const REPEATABLE: readonly Operation[] = ['read', 'disable', 'remove', 'token', 'cluster-call'];
const ALL: readonly Operation[] = [...REPEATABLE, 'register'];

/** Every trouble and operation is in exactly one row. */
export const RETRY_POLICY: readonly RetryRule[] = [
  {
    after: 'rate-limited',
    operations: ALL,
    repeats: 3,
    because: 'the service turned the request away before doing anything',
  },
  {
    after: 'conflict',
    operations: ['disable'],
    repeats: 3,
    because: 'the runner itself wrote its state at the same moment, and Bitbucket asks the later one to come again',
  },
  {
    after: 'conflict',
    operations: ['cluster-call'],
    repeats: 3,
    because: 'concurrent creates under one ResourceQuota collide on it, and the API server did nothing',
  },
  {
    after: 'conflict',
    operations: ['read', 'register', 'remove', 'token'],
    repeats: 0,
    because: 'the answer is about what is there, and the same request meets it again',
  },
  {
    after: 'server-error',
    operations: REPEATABLE,
    repeats: 3,
    because: 'twice has the effect of once',
  },
  {
    after: 'server-error',
    operations: ['register'],
    repeats: 0,
    because: 'a registration may exist already, and another would be one too many',
  },
  {
    after: 'timed-out',
    operations: ['read', 'disable', 'remove', 'token'],
    repeats: 3,
    because: 'twice has the effect of once',
  },
  {
    after: 'timed-out',
    operations: ['cluster-call'],
    repeats: 1,
    because: 'an API server that hangs has had its time, but a connection that died silently deserves a fresh one',
  },
  {
    after: 'timed-out',
    operations: ['register'],
    repeats: 0,
    because: 'a registration may have arrived, and another would be one too many',
  },
  {
    after: 'connection-lost',
    operations: REPEATABLE,
    repeats: 3,
    because: 'twice has the effect of once, and a kept connection that the peer had closed is followed by a fresh one',
  },
  {
    after: 'connection-lost',
    operations: ['register'],
    repeats: 0,
    because: 'a registration may have arrived, and another would be one too many',
  },
  {
    after: 'unreachable',
    operations: REPEATABLE,
    repeats: 3,
    because: 'name servers and routes recover in moments',
  },
  {
    after: 'unreachable',
    operations: ['register'],
    repeats: 0,
    because: 'the next tick registers what is still missing then',
  },
  {
    after: 'untrusted',
    operations: ALL,
    repeats: 0,
    because: 'certificates do not mend within seconds',
  },
  {
    after: 'not-sent',
    operations: ALL,
    repeats: 0,
    because: 'whoever gives the credentials has been asked as often as is worth it',
  },
];

/** How often the operation may be repeated after the trouble; without one, never. */
export function repeatsAfter(trouble: Trouble | undefined, operation: Operation): number {
  return (
    RETRY_POLICY.find(({ after, operations }) => after === trouble && operations.includes(operation))?.repeats ?? 0
  );
}

/** The trouble that an exchange is in; undefined for success and for refusals that repeating cannot change. */
export function troubleOf(
  exchange: Exchange,
  isConflict: (answer: Answer) => boolean = () => true,
): Trouble | undefined {
  if (exchange.kind !== 'answer') return exchange.kind;
  if (exchange.status === 429) return 'rate-limited';
  if (exchange.status === 409 && isConflict(exchange)) return 'conflict';
  return exchange.status >= 500 ? 'server-error' : undefined;
}

/** Whether the request may have had its effect all the same. */
export function mayHaveHappened(trouble: Trouble | undefined): boolean {
  return trouble === 'server-error' || trouble === 'timed-out' || trouble === 'connection-lost';
}
