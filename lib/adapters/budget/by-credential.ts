/**
 * The budgets of a process, one for each credential, kept for as long as it lives: what it has spent and not saved must
 * not be forgotten when the configuration is read anew.
 */
import { createHash } from 'node:crypto';
import type { CallBudget } from '#core/budget/call-budget.ts';
import { CALLS_PER_HOUR } from '#core/budget/hour.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { type Credential, publicPart } from '../credentials.ts';
import { createCallBudget } from './ledger.ts';

/** Where the credentials of workspaces come from that name no secret of their own. */
type DefaultCredential = {
  readonly secretId: string | undefined;
  readonly fromEnvironment: Credential | undefined;
};

type Kept = { readonly budget: CallBudget; limit: number };

/**
 * For every fleet, the budget that a workspace's calls count towards. Its limit is the smallest `callsPerHour` of the
 * workspaces that share the credential. Credentials are told apart by name, so that none has to be read for it.
 */
export function keepBudgets(
  defaults: DefaultCredential,
  now: () => Instant,
): (fleet: Pick<Fleet, 'workspaces'>) => (workspace: string) => CallBudget {
  const kept = new Map<string, Kept>();

  function budgetFor(secretId: string | undefined, limit: number): CallBudget {
    const { credential, key } =
      secretId === undefined
        ? nameEnvironment(defaults.fromEnvironment)
        : { credential: secretId, key: `budget/secret/${secretId}` };
    const known = kept.get(key);
    if (known !== undefined) {
      known.limit = limit;
      return known.budget;
    }
    const made: Kept = { budget: createCallBudget({ credential, key, limit: () => made.limit, now }), limit };
    kept.set(key, made);
    return made.budget;
  }

  return ({ workspaces }) => {
    const secretOf = (workspace: string) => workspaces[workspace]?.secretId ?? defaults.secretId;
    return (workspace) => {
      const secretId = secretOf(workspace);
      const sharing = Object.keys(workspaces).filter((other) => secretOf(other) === secretId);
      const limits = sharing.map((other) => workspaces[other]?.callsPerHour ?? CALLS_PER_HOUR);
      return budgetFor(secretId, limits.length === 0 ? CALLS_PER_HOUR : Math.min(...limits));
    };
  };
}

/** By its kind and its public part, which a table that several people share must tell apart but need not show. */
function nameEnvironment(credential: Credential | undefined): { readonly credential: string; readonly key: string } {
  if (credential === undefined) return { credential: 'environment', key: 'budget/environment' };
  const { kind } = credential;
  const fingerprint = createHash('sha256')
    .update(`${kind} ${publicPart(credential)}`)
    .digest('hex');
  return { credential: `environment (${kind})`, key: `budget/environment/${kind}-${fingerprint.slice(0, 16)}` };
}
