/** What is deployed without Node and osls: a CloudFormation template, and the code of its functions. */
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Document, type Scalar, visit } from 'yaml';
import { SERVICE_NAME } from '../../infra/cloudformation.ts';
import { templateOf } from '../../infra/template.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Longer than this, a list or a map has a line for each entry. */
const LONGEST_LINE = 180;

/**
 * The template as YAML that every reader of 1.1 takes for the same. What is short stands on one line, so that the whole
 * fits into what CloudFormation takes without a bucket: 51,200 bytes.
 */
export function templateText(version: string, codeKey: string): string {
  const document = new Document(templateOf(version, codeKey), { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Collection: (_, node) => {
      node.flow = JSON.stringify(node).length < LONGEST_LINE;
      // Some readers stop at a colon there.
      if (node.flow) visit(node, { Scalar: quote });
    },
  });
  // The dashboard is a text in JSON, which would have a backslash before each of its quotes.
  visit(document, { Scalar: quoteOnce });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false, indentSeq: false });
}

function quoteOnce(_key: unknown, scalar: Scalar): void {
  if (typeof scalar.value === 'string' && scalar.value.includes('"')) scalar.type = 'QUOTE_SINGLE';
}

function quote(_key: unknown, scalar: Scalar): void {
  if (typeof scalar.value === 'string' && scalar.value.includes(':')) scalar.type = 'QUOTE_DOUBLE';
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
