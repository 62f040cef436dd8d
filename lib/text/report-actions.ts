/** What was done about a group, or would be, in words. Pure. */
import type { Action, Outcome } from '#core/model/decision.ts';
import type { GroupReport, Mode } from '#core/model/report.ts';
import { counted, type Line, type Tone } from './layout.ts';

/** More reasons of one kind, or runners of one reason, than this are summed up: `--json` lists them all. */
const MAX_LISTED = 10;

const VERBS: Readonly<Record<Action['action'], { readonly base: string; readonly past: string }>> = {
  add: { base: 'add', past: 'added' },
  enable: { base: 'enable', past: 'enabled' },
  disable: { base: 'disable', past: 'disabled' },
  remove: { base: 'remove', past: 'removed' },
  'remove-job': { base: 'delete the Job of', past: 'deleted the Job of' },
  protect: { base: 'protect the pod of', past: 'protected the pod of' },
  unprotect: { base: 'unprotect the pod of', past: 'unprotected the pod of' },
  resize: { base: 'resize the pod of', past: 'resized the pod of' },
};

/** What was planned and done, about a group or about what it left behind. */
type Acted = Pick<GroupReport, 'plan' | 'outcomes'>;

type Status = Outcome['status'] | 'planned';

const TONES: Readonly<Record<Status, Tone>> = {
  planned: 'quiet',
  done: 'quiet',
  skipped: 'warning',
  failed: 'failure',
};

/** Something that happened to these runners for one and the same reason. */
type Entry = {
  readonly action: Action['action'];
  readonly status: Status;
  readonly runners: readonly string[];
  readonly why: string;
};

/** One line for each thing that is done, or in a dry run would be, and its reason, with all of its runners. */
export function actionLines(group: Acted, mode: Mode): readonly Line[] {
  const kinds = Map.groupBy(merge(entriesOf(group, mode)), ({ action, status }) => `${status} ${action}`);
  return [...kinds.values()].flatMap((entries) => {
    const listed = entries.length > MAX_LISTED ? entries.slice(0, MAX_LISTED - 1) : entries;
    const rest = entries.slice(listed.length);
    return [...listed.map(lineOf), ...restLine(rest)];
  });
}

/** One line for each kind of action and what became of it, with how many; of failures, the first one's sentence. */
export function actionSummary(group: Acted, mode: Mode): readonly Line[] {
  const kinds = Map.groupBy(entriesOf(group, mode), ({ action, status }) => `${status} ${action}`);
  return [...kinds.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return [];
    const text = `${phrase(first)} ${counted(1 + more.length, 'runner')}`;
    const told = first.status === 'failed' ? `${text}: ${first.why}` : text;
    return [{ text: told, tone: TONES[first.status] }];
  });
}

function entriesOf({ plan, outcomes }: Acted, mode: Mode): readonly Entry[] {
  return plan.map(({ action, runner = '', reason }, index): Entry => {
    const outcome = outcomes[index];
    // An add happens for the reason of the decision, which stands above.
    const why = action === 'add' ? '' : reason.text;
    if (mode === 'plan') return { action, status: 'planned', runners: [runner], why };
    if (outcome === undefined) return { action, status: 'skipped', runners: [runner], why: '' };
    const told = outcome.status === 'done' ? why : (outcome.error ?? '');
    return { action, status: outcome.status, runners: [runner], why: told };
  });
}

function merge(entries: readonly Entry[]): readonly Entry[] {
  const merged = Map.groupBy(entries, ({ action, status, why }) => `${status} ${action} ${why}`);
  return [...merged.values()].flatMap((equal) => {
    const [first] = equal;
    return first === undefined ? [] : [{ ...first, runners: equal.flatMap(({ runners }) => runners) }];
  });
}

function lineOf(entry: Entry): Line {
  const text = `${phrase(entry)} ${namesOf(entry)}`;
  return { text: entry.why === '' ? text : `${text}: ${entry.why}`, tone: TONES[entry.status] };
}

/** Runners to add have no name worth telling. */
function namesOf({ action, runners }: Entry): string {
  if (action === 'add') return counted(runners.length, 'runner');
  if (runners.length <= MAX_LISTED) return runners.join(', ');
  const listed = runners.slice(0, MAX_LISTED - 1);
  return `${listed.join(', ')} and ${runners.length - listed.length} more (--json lists them all)`;
}

function restLine([first, ...more]: readonly Entry[]): readonly Line[] {
  if (first === undefined) return [];
  const runners = [first, ...more].reduce((sum, entry) => sum + entry.runners.length, 0);
  return [{ text: `${phrase(first)} ${runners} more (--json lists them all)`, tone: TONES[first.status] }];
}

function phrase({ action, status }: Entry): string {
  const { base, past } = VERBS[action];
  switch (status) {
    case 'planned':
      return `would ${base}`;
    case 'done':
      return past;
    case 'skipped':
      return `did not ${base}`;
    case 'failed':
      return `could not ${base}`;
  }
}
