/**
 * What a tick has to do with the budgets of the credentials that it calls Bitbucket with: take them up from memory, ask
 * whether it may look, say what they allow, report where they stand, and save what it added.
 */
import { sentenceOf } from '../errors.ts';
import type { RunnerGroup, Scope } from '../model/configuration.ts';
import type { BudgetObservation, Instant } from '../model/observation.ts';
import type { BudgetReport } from '../model/report.ts';
import type { MemoryDocument, Ports, StateStore } from '../ports.ts';
import { type Reason, reason } from '../reasons.ts';
import type { BudgetUsage, CallBudget, HeldBack } from './call-budget.ts';
import type { Importance } from './hour.ts';

/** A budget and the workspaces of this tick whose calls it pays for. */
export type TickBudget = { readonly budget: CallBudget; readonly workspaces: readonly string[] };

/** The budgets of one tick: made when it begins, asked and told until it ends. Nothing where calls are not counted. */
export type TickBudgets = {
  /** The documents that they are remembered in. */
  readonly keys: readonly string[];
  /**
   * Takes up what is remembered (`documents`: absent when memory cannot be read; each then goes on with what its process
   * knows), and gives why some workspaces must not be looked at now. What a look takes that goes ahead is no longer there
   * for the next.
   */
  readonly planLooks: (
    documents: ReadonlyMap<string, MemoryDocument> | undefined,
    scopes: readonly Scope[],
    at: Instant,
  ) => ReadonlyMap<string, Reason>;
  /** Notes how many calls the looks took that this tick made. `callsOf`: undefined for a workspace that it left out. */
  readonly noteLooks: (callsOf: (workspace: string) => number | undefined, at: Instant) => void;
  /** What they allow now. */
  readonly allow: () => readonly BudgetObservation[];
  /** Where they stand, and what was held back since the tick began. */
  readonly report: () => readonly BudgetReport[];
  /**
   * Saves what was added. A document that somebody else has changed is read again and added to. What cannot be saved stays
   * with the process, for its next tick. Gives what went wrong.
   */
  readonly save: (state: StateStore, now: Instant) => Promise<readonly string[]>;
};

/** The budgets behind the workspaces of some groups, each once. */
export function budgetsOf(groups: readonly RunnerGroup[], { budgetOf }: Pick<Ports, 'budgetOf'>): TickBudgets {
  if (budgetOf === undefined) return followBudgets([]);
  const workspaces = new Set(groups.map((group) => group.scope.workspace));
  return followBudgets(
    [...Map.groupBy(workspaces, budgetOf)].map(([budget, members]) => ({ budget, workspaces: members })),
  );
}

/** Starts to follow these budgets. */
export function followBudgets(budgets: readonly TickBudget[]): TickBudgets {
  const followed = budgets.map(({ budget }) => ({ budget, before: budget.usage() }));
  return {
    keys: budgets.map(({ budget }) => budget.key),
    planLooks: (documents, scopes, at) => planLooks(budgets, documents, scopes, at),
    noteLooks: (callsOf, at) => {
      for (const { budget, workspaces } of budgets) {
        for (const workspace of workspaces) {
          const calls = callsOf(workspace);
          if (calls !== undefined) budget.looked(workspace, calls, at);
        }
      }
    },
    allow: () =>
      budgets.map(({ budget, workspaces }) => {
        const { limit, left, leftForQueues, creates, moreAt } = budget.usage();
        const forQueues = leftForQueues > 0 && { leftForQueues };
        return { credential: budget.credential, workspaces, limit, left, ...forQueues, creates, moreAt };
      }),
    report: () => followed.map(({ budget, before }) => reportOf(budget, before)),
    save: async (state, now) => {
      const problems = budgets.map(({ budget }) =>
        saveBudget(budget, state, now).then(
          () => [],
          (error) => [`The calls of credential ${budget.credential} could not be saved: ${sentenceOf(error)}`],
        ),
      );
      return (await Promise.all(problems)).flat();
    },
  };
}

function planLooks(
  budgets: readonly TickBudget[],
  documents: ReadonlyMap<string, MemoryDocument> | undefined,
  scopes: readonly Scope[],
  at: Instant,
): ReadonlyMap<string, Reason> {
  const heldBack = new Map<string, Reason>();
  for (const { budget, workspaces } of budgets) {
    if (documents !== undefined) budget.restore(documents.get(budget.key));
    let planned = 0;
    for (const workspace of workspaces) {
      const lists = scopes.filter((scope) => scope.workspace === workspace).length;
      const calls = Math.max(lists, budget.lastLook(workspace) ?? 0);
      const held = budget.holdBackLook({ workspace, calls, planned }, at);
      if (held === undefined) planned += calls;
      else heldBack.set(workspace, reasonToWait(held, budget, at));
    }
  }
  return heldBack;
}

function reasonToWait({ why, until }: HeldBack, budget: CallBudget, at: Instant): Reason {
  const { used, limit } = budget.usage();
  return reason('look-held-back', { credential: budget.credential, why, used, limit, waitMs: until - at });
}

const IMPORTANCES: readonly Importance[] = ['removal', 'create', 'look', 'queue'];

function reportOf(budget: CallBudget, before: BudgetUsage): BudgetReport {
  const { limit, used, left, throttledUntil, throttledAnswers, unsent, refused } = budget.usage();
  return {
    credential: budget.credential,
    limit,
    used,
    left,
    throttled: throttledAnswers + unsent - before.throttledAnswers - before.unsent,
    ...(throttledUntil !== undefined && { throttledUntil: new Date(throttledUntil).toISOString() }),
    heldBack: IMPORTANCES.filter((importance) => refused[importance] > before.refused[importance]),
  };
}

/** Tries that a document is given which other ticks are saving at the same moment. */
const SAVE_ATTEMPTS = 8;

async function saveBudget(budget: CallBudget, state: StateStore, now: Instant): Promise<void> {
  for (let attempt = 0; attempt < SAVE_ATTEMPTS; attempt += 1) {
    const change = budget.unsaved();
    if (change === undefined) return;
    const [unsaved] = await state.save([change], now);
    if (unsaved === undefined) return budget.saved();
    if (unsaved.failure !== undefined) throw new Error(unsaved.failure);
    budget.restore((await state.load([budget.key])).get(budget.key));
  }
}
