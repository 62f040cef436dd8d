/** The package that is installed with npm: the bundled command line, with nothing to fetch beside it. */
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundlePrograms } from '../../esbuild.config.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What goes along besides the program. */
const DOCUMENTS = [
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'examples',
  'infra/kubernetes',
  'docs/configuration.schema.json',
];

/** Makes the package in `directory` and packs it there. Gives the path of the tarball. */
export async function packPackage(directory: string): Promise<string> {
  const folder = `${directory}/package`;
  await mkdir(directory, { recursive: true });
  await bundlePrograms({ cli: 'cli/main.ts' }, folder);
  await cp(`${root}scripts/release/bin.mjs`, `${folder}/bin.mjs`);
  for (const name of DOCUMENTS) await cp(`${root}${name}`, `${folder}/${name}`, { recursive: true });
  const { name, version, description, license } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
  const manifest = {
    ...{ name, version, description, license },
    type: 'module',
    bin: { 'runner-autoscaler': 'bin.mjs' },
    engines: { node: '>=24' },
  };
  await writeFile(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--silent', '--pack-destination', directory], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`);
  await rm(folder, { recursive: true });
  return `${directory}/${stdout.trim()}`;
}
