/** CloudFormation's own rules for templates, as cfn-lint knows them; no rule is ignored. */
import { spawnSync } from 'node:child_process';

/** What the program at this path has to say about this template; empty when nothing. */
export function complaintsOf(cfnLint: string, template: string): string {
  const { error, status, stdout, stderr } = spawnSync(cfnLint, [template], { encoding: 'utf8' });
  if (error !== undefined) return `cfn-lint cannot be run: ${error.message}`;
  return status === 0 ? '' : `${stdout}${stderr}`;
}
