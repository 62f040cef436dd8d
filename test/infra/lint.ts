/**
 * `npm run test:infra`: holds the packaged templates against CloudFormation's own rules with cfn-lint, no rule ignored.
 */
import { installPythonPrograms } from '../deploy/python.ts';
import { complaintsOf } from './cfn-lint.ts';
import { LARGE, SMALL } from './deployments.ts';
import { packageStack } from './osls.ts';

try {
  const { cfnLint } = installPythonPrograms({
    environment: process.env,
    onInstall: (pins) => process.stderr.write(`Installing ${pins} …\n`),
  });
  for (const [name, values] of Object.entries({ small: SMALL, large: LARGE })) {
    const { code, output, directory } = await packageStack(values);
    if (code !== 0) throw new Error(`The ${name} stack cannot be packaged: ${output}`);
    const complaints = complaintsOf(cfnLint, directory);
    process.stdout.write(`${name}: ${complaints === '' ? 'nothing to complain about' : `\n${complaints}`}\n`);
    if (complaints !== '') process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
