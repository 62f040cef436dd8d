/** `npm run release`: what a release consists of, in `release/`: the npm package; `npm run materials` adds what is in it. */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { packPackage } from './release/package.ts';

const directory = fileURLToPath(new URL('../release', import.meta.url));
await rm(directory, { recursive: true, force: true });
process.stdout.write(`${await packPackage(directory)}\n`);
