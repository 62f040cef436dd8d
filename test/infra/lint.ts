/**
 * `npm run test:infra`: holds the packaged templates against CloudFormation's own rules with cfn-lint, no rule ignored, and
 * looks with checkov for what is not safe, each exception explained.
 */
import { fileURLToPath } from 'node:url';
import { installPythonPrograms } from '../deploy/python.ts';
import { complaintsOf } from './cfn-lint.ts';
import { type Failure, failuresIn, unexplained } from './checkov.ts';
import { LARGE, SMALL } from './deployments.ts';
import { packageStack } from './osls.ts';

const installation = {
  environment: process.env,
  onInstall: (pins: string) => process.stderr.write(`Installing ${pins} …\n`),
};

/** Says what is wrong, which fails the run, or that nothing is. */
function tell(name: string, complaints: string): void {
  process.stdout.write(`${name}: ${complaints === '' ? 'nothing to complain about' : `\n${complaints}`}\n`);
  if (complaints !== '') process.exitCode = 1;
}

try {
  const { cfnLint } = installPythonPrograms(installation);
  const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
  const { checkov } = installPythonPrograms({ ...installation, requirements });
  const failures: Failure[] = [];
  for (const [name, values] of Object.entries({ small: SMALL, large: LARGE })) {
    const { code, output, directory } = await packageStack(values);
    if (code !== 0) throw new Error(`The ${name} stack cannot be packaged: ${output}`);
    tell(`${name}, by cfn-lint`, complaintsOf(cfnLint, directory));
    failures.push(...failuresIn(checkov, directory));
  }
  tell('both, by checkov', unexplained(failures).join('\n'));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
