/** What is deployed without Node and osls: a CloudFormation template, and the code of its functions. */
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { SERVICE_NAME } from '../../infra/cloudformation.ts';
import { templateOf } from '../../infra/template.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The template as YAML that every reader of 1.1 takes for the same. */
export function templateText(version: string, codeKey: string): string {
  return stringify(templateOf(version, codeKey), { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

/** Writes both into `directory`. Gives their paths. Throws an Error when osls cannot package. */
export async function writeStack(
  directory: string,
  version: string,
): Promise<readonly [template: string, code: string]> {
  const codeKey = `${SERVICE_NAME}-${version}-functions.zip`;
  const template = `${directory}/${SERVICE_NAME}-${version}.template.yaml`;
  await mkdir(directory, { recursive: true });
  await writeFile(template, templateText(version, codeKey));
  await packageFunctions(`${directory}/${codeKey}`);
  return [template, `${directory}/${codeKey}`];
}

/** osls makes the same archive for every stack of a version. */
async function packageFunctions(path: string): Promise<void> {
  const folder = `${path}.d`;
  const osls = createRequire(import.meta.url).resolve('osls/bin/serverless.js');
  const args = [osls, 'package', '--stage', 'any', '--param', 'clusters=any', '--package', folder];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`osls package failed: ${stdout}${stderr}`);
  await copyFile(`${folder}/${SERVICE_NAME}.zip`, path);
  await rm(folder, { recursive: true });
}
