/** A doctor's visit in tests: the command, its JSON, and what of it is a fault. */
import { expect } from 'vitest';
import type { Check, Diagnosis } from '#doctor/check.ts';
import { runCommand } from '../doors/command.ts';

/** What a planted fault is found as: the id of the check, and words of its detail and of its next step. */
export type Finding = readonly [id: Check['id'], detail: RegExp, next: RegExp];

export async function visit(environment: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const { code, stdout, stderr } = await runCommand(['doctor', '--json', ...args], environment);
  expect(stderr).toBe('');
  const diagnosis: Diagnosis = JSON.parse(stdout);
  const failed = diagnosis.checks.filter(({ outcome }) => outcome === 'failed');
  return { code, diagnosis, failed };
}

/** The visit finds this fault and no other. */
export async function expectFault(
  environment: Readonly<Record<string, string>>,
  [id, detail, next]: Finding,
): Promise<void> {
  const { code, failed, diagnosis } = await visit(environment);
  expect(failed).toEqual([
    expect.objectContaining({ id, detail: expect.stringMatching(detail), next: expect.stringMatching(next) }),
  ]);
  expect({ code, healthy: diagnosis.healthy }).toEqual({ code: 1, healthy: false });
}

/** Nothing is wrong. */
export async function expectHealth(environment: Readonly<Record<string, string>>): Promise<Diagnosis> {
  const { code, failed, diagnosis } = await visit(environment);
  expect(failed).toEqual([]);
  expect({ code, healthy: diagnosis.healthy }).toEqual({ code: 0, healthy: true });
  return diagnosis;
}
