/**
 * `npm run generate` writes every generated file; with `-- --check` it writes nothing and fails when one is out of
 * date.
 */
import './help.ts';

import { readFile, writeFile } from 'node:fs/promises';
import { generatedFiles } from './generated-files.ts';

const root = new URL('..', import.meta.url);
const isCheck = process.argv.includes('--check');
const outdated: string[] = [];

for (const { file, generate } of generatedFiles) {
  const wanted = await generate();
  const present = await readFile(new URL(file, root), 'utf8').catch(() => undefined);
  if (wanted === present) continue;
  outdated.push(file);
  if (!isCheck) await writeFile(new URL(file, root), wanted);
}

if (isCheck && outdated.length > 0) {
  console.error(`Out of date: ${outdated.join(', ')}; run "npm run generate" and commit the result.`);
  process.exitCode = 1;
} else {
  console.log(outdated.length === 0 ? 'Every generated file is up to date.' : `Written: ${outdated.join(', ')}.`);
}
