/** CloudFormation's own rules for templates, as cfn-lint knows them; no rule is ignored. */
import { spawnSync } from 'node:child_process';
import { templateIn } from './osls.ts';

/** What the program at this path has to say about the stack packaged into the directory; empty when nothing. */
export function complaintsOf(cfnLint: string, directory: string): string {
  const { error, status, stdout, stderr } = spawnSync(cfnLint, [templateIn(directory)], { encoding: 'utf8' });
  if (error !== undefined) return `cfn-lint cannot be run: ${error.message}`;
  return status === 0 ? '' : `${stdout}${stderr}`;
}
