/** CloudFormation's own rules for templates, as cfn-lint knows them; no rule is ignored. */
import { spawnSync } from 'node:child_process';

/** What the program at this path has to say about these templates, which it names; empty when nothing. */
export function complaintsOf(cfnLint: string, templates: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(cfnLint, templates, { encoding: 'utf8' });
  if (error !== undefined) return `cfn-lint cannot be run: ${error.message}`;
  return status === 0 ? '' : `${stdout}${stderr}`;
}
