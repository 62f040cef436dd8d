/** The packages that a release may carry: by the lock file, all that are neither for development nor optional. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is read of `package-lock.json`. */
export type LockFile = {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version?: string;
        readonly license?: string;
        readonly integrity?: string;
        readonly hasInstallScript?: boolean;
        readonly dev?: boolean;
        readonly devOptional?: boolean;
        readonly optional?: boolean;
      }
    >
  >;
};

/** `path`: from the root of the repository; `licence`: an SPDX expression. */
export type ShippedPackage = {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly licence: string;
};

/** Licences that ask for nothing but that their text goes along. */
const PERMISSIVE = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
  'Unlicense',
];

/** Every package of the lock file that may be in a bundle. */
export function shippedPackages({ packages }: LockFile): readonly ShippedPackage[] {
  return Object.entries(packages)
    .filter(([path, { dev, devOptional, optional }]) => path !== '' && !dev && !devOptional && !optional)
    .map(([path, { version = '', license = 'none' }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      return { path, name, version, licence: license };
    });
}

/** A sentence for each package whose licence somebody has to look at. */
export function unknownLicences(packages: readonly ShippedPackage[]): readonly string[] {
  return packages
    .filter(({ licence }) => !PERMISSIVE.includes(licence))
    .map(
      ({ name, version, licence }) =>
        `${name} ${version} has the licence ${licence}, which is not among ${PERMISSIVE.join(', ')}; read it, and add it or replace the package`,
    );
}

type Bill = {
  readonly components: readonly { readonly name: string; readonly version: string; readonly 'bom-ref': string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
};

/** CycloneDX as JSON, by npm, from the lock file alone. Throws an Error of one sentence. */
export function billOfMaterials(root: string, packages: readonly ShippedPackage[]): string {
  const { status, stdout, stderr } = spawnSync('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    throw new Error(`npm sbom failed (${stderr.trim().split('\n').at(-1)}); it needs npm 10 or newer`);
  }
  // npm's own --omit=dev drops what is needed by a release and for development.
  const shipped = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  const bill = JSON.parse(stdout) as Bill;
  const components = bill.components.filter(({ name, version }) => shipped.has(`${name}@${version}`));
  const left = new Set(components.map((component) => component['bom-ref']));
  const isOfRelease = ({ ref }: { readonly ref: string }) =>
    left.has(ref) || !bill.components.some((component) => component['bom-ref'] === ref);
  const dependencies = bill.dependencies
    .filter(isOfRelease)
    .map((dependency) => ({ ...dependency, dependsOn: dependency.dependsOn?.filter((ref) => left.has(ref)) }));
  return `${JSON.stringify({ ...bill, components, dependencies }, null, 2)}\n`;
}

/** The licence files of the packages as they are installed, each under the name of its package. */
export function licenceTexts(root: string, packages: readonly ShippedPackage[]): string {
  return packages
    .map(({ path, name, version, licence }) => {
      const files = readdirSync(join(root, path)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
      const texts = files.toSorted().map((file) => readFileSync(join(root, path, file), 'utf8').trim());
      const told = texts.length === 0 ? ['The package brings no file with its licence.'] : texts;
      return [`${name} ${version} (${licence})`, ...told].join('\n\n');
    })
    .join(`\n\n${'-'.repeat(80)}\n\n`)
    .concat('\n');
}
