/** Configurations for tests: a valid one, and variations of it. JSON is YAML, so they are written as objects. */
import { readConfig } from '#config/read.ts';
import type { InputProblem } from '#yaml/problem.ts';

type Fields = Readonly<Record<string, unknown>>;

export const PARAMETERS = {
  min: 1,
  max: 10,
  scale_up_threshold: 0.5,
  scale_down_threshold: 0.2,
  scale_up_multiplier: 1.5,
  scale_down_multiplier: 0.5,
};

export const GROUP = {
  name: 'builds',
  workspace: 'acme',
  labels: ['builds'],
  namespace: 'runners',
  strategy: 'percentageRunnersIdle',
  parameters: PARAMETERS,
};

/** A file with one group that differs from the valid one in these keys; `undefined` removes a key. */
export function withGroup(changes: Fields, file: Fields = {}): string {
  return JSON.stringify({ ...file, groups: [{ ...GROUP, ...changes }] });
}

/** A file with several groups, each of which is given by its differences; names and labels are their own. */
export function withGroups(groups: readonly Fields[], file: Fields = {}): string {
  const all = groups.map((changes, index) => ({ ...GROUP, name: `g${index}`, labels: [`l${index}`], ...changes }));
  return JSON.stringify({ ...file, groups: all });
}

/** A file whose only group has other parameters. */
export function withParameters(changes: Fields): string {
  return withGroup({ parameters: { ...PARAMETERS, ...changes } });
}

/** `path: message` of every problem. */
export function problemsOf(text: string): readonly string[] {
  return readConfig(text, 'runners.yaml').problems.map(pathAndMessage);
}

/** `path: message` of every warning. */
export function warningsOf(text: string): readonly string[] {
  return readConfig(text, 'runners.yaml').warnings.map(pathAndMessage);
}

function pathAndMessage({ path, message }: InputProblem): string {
  return `${path}: ${message}`;
}
