/** What an installation trusts, and what a release says of itself. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  billOfMaterials,
  type LockFile,
  licenceTexts,
  shippedPackages,
  unknownLicences,
} from '../../scripts/materials/packages.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LOCK = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as LockFile;
const entries = Object.entries(LOCK.packages).filter(([path]) => path !== '');

describe('the lock file', () => {
  it('has the hash of every package', () => {
    expect(entries.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
  });

  it('knows these packages with an install script, none of which is needed, and none of a release', () => {
    const withScript = entries.filter(([, { hasInstallScript }]) => hasInstallScript);
    expect(withScript.map(([path]) => path)).toEqual([
      'node_modules/classic-level',
      'node_modules/es5-ext',
      'node_modules/esbuild',
    ]);
    expect(withScript.filter(([, { dev, devOptional }]) => !dev && !devOptional)).toEqual([]);
    const { allowScripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { allowScripts: object };
    expect(allowScripts).toEqual({ 'classic-level': false, 'es5-ext': false, esbuild: false });
  });

  it('brings Node for each platform, and none that runs a script', () => {
    const nodes = entries.filter(([path]) => /^node_modules\/node-(bin-)?(linux|darwin|win)-/.test(path));
    expect(nodes.map(([path]) => path)).toHaveLength(5);
    expect(nodes.every(([, entry]) => entry.optional === true && entry.hasInstallScript === undefined)).toBe(true);
  });
});

describe('ensure-install', () => {
  /** A repository with nothing but the script and a lock file, and an npm that says how it was called. */
  function checkout() {
    const root = mkdtempSync(join(tmpdir(), 'checkout-'));
    cpSync(join(ROOT, 'scripts/ensure-install.mjs'), join(root, 'scripts/ensure-install.mjs'), { recursive: true });
    writeFileSync(join(root, 'package-lock.json'), '{}');
    mkdirSync(join(root, 'bin'));
    writeFileSync(join(root, 'bin/npm'), '#!/bin/sh\necho "npm $*"\n');
    chmodSync(join(root, 'bin/npm'), 0o755);
    const run = () => {
      const env = { PATH: `${join(root, 'bin')}:/usr/bin:/bin` };
      return spawnSync(process.execPath, [join(root, 'scripts/ensure-install.mjs')], { env, encoding: 'utf8' });
    };
    return { root, run };
  }

  it('installs by the lock file alone, and runs nothing that packages bring along', () => {
    const { status, stdout, stderr } = checkout().run();
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^npm ci --ignore-scripts /m);
  });

  it('does nothing when all is there', () => {
    const { root, run } = checkout();
    mkdirSync(join(root, 'node_modules'));
    writeFileSync(join(root, 'node_modules/.package-lock.json'), '{}');
    expect(run()).toMatchObject({ status: 0, stderr: '' });
  });

  it('refuses to install through a link, which would empty what it leads to', () => {
    const { root, run } = checkout();
    mkdirSync(join(root, 'shared'));
    writeFileSync(join(root, 'shared/kept'), '');
    symlinkSync(join(root, 'shared'), join(root, 'node_modules'));
    const { status, stderr } = run();
    expect([status, stderr]).toEqual([
      1,
      'node_modules is a symbolic link, and npm ci would empty what it leads to; remove the link, or install there.\n',
    ]);
    expect(existsSync(join(root, 'shared/kept'))).toBe(true);
  });
});

describe('the materials of a release', () => {
  const packages = shippedPackages(LOCK);

  it('have licences that ask for their text only', () => {
    expect(unknownLicences(packages)).toEqual([]);
    const strange = { path: 'node_modules/x', name: 'x', version: '1.0.0', licence: 'AGPL-3.0' };
    expect(unknownLicences([strange])).toEqual([
      expect.stringMatching(/^x 1\.0\.0 has the licence AGPL-3\.0, .* read it, and add it or replace the package$/),
    ]);
  });

  it('are in the bill of materials, each with its hash and its licence, and nothing else is', () => {
    type Component = { name: string; version: string; hashes?: unknown[]; licenses?: unknown[] };
    const bill = JSON.parse(billOfMaterials(ROOT, packages)) as {
      bomFormat: string;
      components: readonly Component[];
      dependencies: readonly { ref: string; dependsOn: readonly string[] }[];
    };
    expect(bill.bomFormat).toBe('CycloneDX');
    const names = (items: readonly { readonly name: string; readonly version: string }[]) =>
      items.map(({ name, version }) => `${name}@${version}`).toSorted();
    expect(names(bill.components)).toEqual(names(packages));
    // The release itself, and each of its parts; nobody depends on what is not there.
    expect(bill.dependencies).toHaveLength(bill.components.length + 1);
    const refs = new Set(bill.dependencies.map(({ ref }) => ref));
    expect(bill.dependencies.flatMap(({ dependsOn }) => dependsOn.filter((ref) => !refs.has(ref)))).toEqual([]);
    expect(bill.components.filter(({ hashes, licenses }) => !hashes?.length || !licenses?.length)).toEqual([]);
  });

  it('come with the words of their licences', () => {
    const yaml = packages.filter(({ name }) => name === 'yaml');
    expect(licenceTexts(ROOT, yaml)).toMatch(/^yaml [\d.]+ \(ISC\)\n\nCopyright Eemeli Aro/);
  });
});
