/**
 * What a doctor's visit is made of: checks, each of them a value. The answer of `doctor --json` and of the function
 * `report` to `{ "doctor": true }` is a `Diagnosis`, `version` 1, which grows by additions only. Pure.
 */
import { sentenceOf } from '#core/errors.ts';

/** What checks are called, by their ids. */
const TITLES = {
  node: 'Node',
  configuration: 'Configuration',
  manifests: 'Job templates',
  images: 'Images',
  bitbucket: 'Bitbucket reachable',
  clock: 'Clock',
  credential: 'Credential',
  owner: 'Owner of the credential',
  workspace: 'Workspace readable',
  repository: 'Repository readable',
  administrator: 'Administrator',
  runners: 'Runners listable',
  writing: 'Runners can be changed',
  pipelines: 'Pipelines readable',
  waking: 'Repositories that wake',
  calls: 'Calls per hour',
  scratch: 'Scratch runners',
  probe: 'Probe',
  cluster: 'Cluster reachable',
  encryption: 'Secrets at rest',
  namespace: 'Namespace',
  rights: 'Rights',
  'pods-log': 'Right to read logs',
  'pods-resize': 'Pods resized in place',
  'pod-security': 'Pod Security',
  quota: 'Quotas',
  'limit-range': 'LimitRanges',
  'job-dry-run': 'Dry run of the Job',
  'pod-dry-run': 'Dry run of the pod',
  nodes: 'Nodes',
  state: 'State store',
  ticks: 'Last tick',
  starts: 'Runners come online',
  alarms: 'Alarms',
  door: 'Door for pipelines',
  webhook: 'Secret of the webhook',
} as const;

export type CheckId = keyof typeof TITLES;

/** One check. `skipped`: nobody could look, or there was nothing to look at; that is no fault. */
export type Check = {
  readonly id: CheckId;
  readonly title: string;
  /** What it was about, such as a workspace, a group or a namespace; absent where there is only one. */
  readonly subject?: string;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  /** What was found, in one sentence. */
  readonly detail: string;
  /** Of a failed check: the next step, in one sentence. */
  readonly next?: string;
};

/** All checks, in the order in which they are shown. */
export type Diagnosis = {
  readonly version: 1;
  /** ISO 8601. */
  readonly at: string;
  /** Whether no check failed. */
  readonly healthy: boolean;
  readonly checks: readonly Check[];
};

export function ok(id: CheckId, subject: string | undefined, detail: string): Check {
  return check(id, subject, 'ok', detail);
}

export function skipped(id: CheckId, subject: string | undefined, detail: string): Check {
  return check(id, subject, 'skipped', detail);
}

export function failed(id: CheckId, subject: string | undefined, detail: string, next: string): Check {
  return { ...check(id, subject, 'failed', detail), next };
}

/** A check that failed with an error whose sentence ends in its next step, after the last semicolon, unless `next` is given. */
export function failedBy(id: CheckId, subject: string | undefined, error: unknown, next?: string): Check {
  // What was being done, the title and the subject say.
  const sentence = sentenceOf(error)
    .replace(/^[^:;]* failed(?: \(tried \d+ times\))?: /, '')
    .replace(/\.$/, '');
  const [detail = sentence, step] = next === undefined ? splitStep(sentence) : [sentence, next];
  return failed(id, subject, detail, step ?? 'correct it, and run doctor again');
}

/** A semicolon within parentheses is part of a reason. */
function splitStep(sentence: string): readonly string[] {
  const [, detail, step] = /^(.*); ([^;]+)$/s.exec(sentence) ?? [];
  return detail === undefined || step === undefined || /^[^(]*\)/.test(step) ? [sentence] : [detail, step];
}

/** More names than this are counted instead. */
const MOST_NAMES = 3;

/** `a, b, c` or `5 (a, b, c, …)` */
export function named(names: readonly string[]): string {
  if (names.length <= MOST_NAMES) return names.join(', ');
  return `${names.length} (${names.slice(0, MOST_NAMES).join(', ')}, …)`;
}

/** What a check says when there is no right to look. */
export const NOT_ALLOWED = 'not allowed to look';

export function diagnosisOf(checks: readonly Check[], at: number): Diagnosis {
  const healthy = checks.every(({ outcome }) => outcome !== 'failed');
  return { version: 1, at: new Date(at).toISOString(), healthy, checks };
}

function check(id: CheckId, subject: string | undefined, outcome: Check['outcome'], detail: string): Check {
  return { id, title: TITLES[id], ...(subject !== undefined && { subject }), outcome, detail };
}
