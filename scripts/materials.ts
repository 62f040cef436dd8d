/**
 * `npm run materials`: what a release consists of, in `release/`. `bom.cdx.json` is the software bill of materials
 * (CycloneDX) of everything that the bundles may hold, with the hash of each package; `licences.txt` has their licences, word
 * for word. A package whose licence asks for more than its text fails the run.
 */
import './help.ts';

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { billOfMaterials, licenceTexts, shippedPackages, unknownLicences } from './materials/packages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = shippedPackages(JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')));
const unknown = unknownLicences(packages);
if (unknown.length > 0) {
  process.stderr.write(`${unknown.join('\n')}\n`);
  process.exitCode = 1;
} else {
  mkdirSync(`${root}release`, { recursive: true });
  writeFileSync(`${root}release/bom.cdx.json`, billOfMaterials(root, packages));
  writeFileSync(`${root}release/licences.txt`, licenceTexts(root, packages));
  process.stdout.write(`${packages.length} packages: release/bom.cdx.json, release/licences.txt\n`);
}
