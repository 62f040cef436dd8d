/**
 * Which requests are repeated after which trouble, and why: one row for each trouble and operation. A refused credential
 * (401) is not a matter of waiting; `delivery.ts` renews it and asks once more.
 */
import type { Answer, Exchange, NoAnswer } from './exchange.ts';

/**
 * What a request is for. At Bitbucket: `read`, `register`, `enable`, `disable`, `remove` and `token`. At a cluster all is one:
 * reads and deletes by nature, creates because names are functions of the runner's uuid, so that a second one meets
 * "already exists". All but `register` can be done twice with the effect of once.
 */
export type Operation = 'read' | 'register' | 'enable' | 'disable' | 'remove' | 'token' | 'cluster-call';

/** The ways of failing that may pass by themselves, or may be asked about. */
export type Trouble = 'rate-limited' | 'conflict' | 'server-error' | NoAnswer['kind'] | 'too-large' | 'not-sent';

/** How often at most these operations are repeated after these troubles. */
type RetryRule = {
  readonly after: readonly Trouble[];
  readonly of: readonly Operation[];
  readonly repeats: number;
  readonly because: string;
};

const AT_BITBUCKET: readonly Operation[] = ['read', 'enable', 'disable', 'remove', 'token'];
const REPEATABLE: readonly Operation[] = [...AT_BITBUCKET, 'cluster-call'];
const ALL: readonly Operation[] = [...REPEATABLE, 'register'];

/** Every trouble and operation meet in exactly one row. */
export const RETRY_POLICY: readonly RetryRule[] = [
  { after: ['rate-limited'], of: ALL, repeats: 3, because: 'the service turned the request away and did nothing' },
  {
    after: ['conflict'],
    of: ['enable', 'disable'],
    repeats: 3,
    because: 'the runner wrote its state at the same moment',
  },
  { after: ['conflict'], of: ['cluster-call'], repeats: 3, because: 'concurrent creates collide on a ResourceQuota' },
  {
    after: ['conflict'],
    of: ['read', 'remove', 'token', 'register'],
    repeats: 0,
    because: 'the same request meets what is there again',
  },
  // A kept connection that the peer had closed is among the lost ones; a fresh one follows it.
  { after: ['server-error', 'connection-lost'], of: REPEATABLE, repeats: 3, because: 'twice has the effect of once' },
  { after: ['timed-out'], of: AT_BITBUCKET, repeats: 3, because: 'twice has the effect of once' },
  { after: ['timed-out'], of: ['cluster-call'], repeats: 1, because: 'an API server that hangs has had its time' },
  {
    after: ['server-error', 'connection-lost', 'timed-out'],
    of: ['register'],
    repeats: 0,
    because: 'a registration may exist already, and another would be one too many',
  },
  { after: ['unreachable'], of: REPEATABLE, repeats: 3, because: 'name servers and routes recover in moments' },
  { after: ['unreachable'], of: ['register'], repeats: 0, because: 'the next tick registers what is missing then' },
  { after: ['too-large'], of: ALL, repeats: 0, because: 'the same question has the same answer' },
  { after: ['untrusted'], of: ALL, repeats: 0, because: 'certificates do not mend within seconds' },
  { after: ['not-sent'], of: ALL, repeats: 0, because: 'whoever gives the credentials was asked often enough' },
];

/** How often the operation may be repeated after the trouble; without one, never. */
export function repeatsAfter(trouble: Trouble | undefined, operation: Operation): number {
  const rule = RETRY_POLICY.find(({ after, of }) => after.some((one) => one === trouble) && of.includes(operation));
  return rule?.repeats ?? 0;
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

const UNCERTAIN: readonly (Trouble | undefined)[] = ['server-error', 'timed-out', 'connection-lost', 'too-large'];

/** Whether the request may have had its effect all the same. */
export function mayHaveHappened(trouble: Trouble | undefined): boolean {
  return UNCERTAIN.includes(trouble);
}
