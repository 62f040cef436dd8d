/**
 * `npm run test:infra`: holds the packaged templates, and the plain one, against CloudFormation's own rules with cfn-lint, no rule ignored, and
 * looks with checkov for what is not safe, each exception explained. The packaged ones are those recorded in `templates/`: that osls makes
 * the same of the sources is what `npm run test:deploy` shows, and `npm run test:deploy -- --update` writes them anew.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { templateOf } from '../../infra/template.ts';
import { templateText } from '../../scripts/release/template.ts';
import { installPythonPrograms } from '../deploy/python.ts';
import { complaintsOf } from './cfn-lint.ts';
import { failuresIn, unexplained } from './checkov.ts';
import { resolveTemplate } from './resolve-template.ts';

const SLACK = fileURLToPath(new URL('../../examples/alarms-in-slack/template.yaml', import.meta.url));

/** Of the smallest and of the largest stack. */
const recorded = ['small', 'large'].map((name) => fileURLToPath(new URL(`templates/${name}.json`, import.meta.url)));

const installation = {
  environment: process.env,
  onInstall: (pins: string) => process.stderr.write(`Installing ${pins} …\n`),
};

/** The template of the release, and what CloudFormation makes of it: checkov does not decide conditions. */
async function writePlainTemplates() {
  const folder = await mkdtemp(join(tmpdir(), 'template-'));
  const [plain, made] = [join(folder, 'template.yaml'), join(folder, 'made.json')];
  await writeFile(plain, templateText('0.0.0', 'functions.zip'));
  const resolved = resolveTemplate(templateOf('0.0.0', 'functions.zip'), { CodeBucket: 'code', Cluster: 'ci' });
  await writeFile(
    made,
    JSON.stringify({ ...resolved, Parameters: undefined, Rules: undefined, Conditions: undefined }),
  );
  return { plain, made };
}

/** Says what is wrong, which fails the run, or that nothing is. */
function tell(name: string, complaints: string): void {
  process.stdout.write(`${name}: ${complaints === '' ? 'nothing to complain about' : `\n${complaints}`}\n`);
  if (complaints !== '') process.exitCode = 1;
}

try {
  const { cfnLint } = installPythonPrograms(installation);
  const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
  const { checkov } = installPythonPrograms({ ...installation, requirements });
  const { plain, made } = await writePlainTemplates();
  // All at once: each program takes longer to start than to read a template.
  tell('all templates, by cfn-lint', complaintsOf(cfnLint, [plain, SLACK, ...recorded]));
  tell('what is deployed, by checkov', unexplained(failuresIn(checkov, [made, ...recorded])).join('\n'));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
