/**
 * `npm run release:make`: what a release consists of, in `release/`: the npm package, the CloudFormation template and the code
 * of its functions, and what makes an image of the package; `npm run materials` adds what is in
 * them. `npm run release` plays the long fuzz and the long worlds before it.
 */
import './help.ts';

import { copyFile, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { packPackage } from './release/package.ts';
import { writeStack } from './release/template.ts';

const directory = fileURLToPath(new URL('../release', import.meta.url));
const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
await rm(directory, { recursive: true, force: true });
const paths = [await packPackage(directory), ...(await writeStack(directory, version))];
await copyFile(new URL('../Dockerfile', import.meta.url), `${directory}/Dockerfile`);
process.stdout.write(`${paths.join('\n')}\n`);
