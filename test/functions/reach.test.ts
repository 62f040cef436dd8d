/** What the functions may load, now or later, by esbuild's own account of the bundle. */
import { basename } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { reach, sizeOf } from '../../bench/bundle-report.ts';
import '../doors/build-bundle.ts';

const MOST_BYTES = 1_500_000;

const built = inject('metafile');

function filesOf(program: string) {
  const entry = Object.keys(built.outputs).find((path) => basename(path) === `${program}.js`) ?? '';
  return reach(built.outputs, entry, ['import-statement', 'dynamic-import']);
}

const sourcesOf = (program: string) =>
  filesOf(program).flatMap((path) => Object.keys(built.outputs[path]?.inputs ?? {}));

/** What commands load and functions never do. */
const FOREIGN = [
  /^lib\/tools\//,
  /^cli\//,
  /^lib\/adapters\/local\.ts$/,
  /^lib\/adapters\/(wiring-past|bitbucket\/past)\.ts$/,
  /^lib\/adapters\/kubernetes\/kubeconfig\.ts$/,
  /^lib\/adapters\/state\/(sqlite|state-file)/,
  /\/@kubernetes\/client-node\//,
];

describe.each(['scale', 'report'])('%s', (program) => {
  it.each(FOREIGN)('never reaches %s', (foreign) => {
    expect(sourcesOf(program).filter((source) => foreign.test(source))).toEqual([]);
    // The command line does, so the pattern means something.
    expect(sourcesOf('cli').some((source) => foreign.test(source))).toBe(true);
  });

  it('never reaches SQLite', () => {
    const imported = filesOf(program).flatMap((path) => built.outputs[path]?.imports.map((one) => one.path) ?? []);
    expect(imported).not.toContain('node:sqlite');
    expect(imported).toContain('node:https');
  });

  it('has at most 1.5 MB in all its chunks', () => {
    expect(sizeOf(built.outputs, filesOf(program))).toBeLessThan(MOST_BYTES);
  });
});

describe('the door', () => {
  it('reaches no cluster, and neither Bitbucket nor credentials for it', () => {
    const far = /^lib\/(tools|doctor|manifests|adapters\/(bitbucket|kubernetes|eks|local|wiring|credentials\.ts))/;
    expect(sourcesOf('wake').filter((source) => far.test(source))).toEqual([]);
  });

  it('begins with at most 400 KB, and has at most 1.1 MB in all its chunks', () => {
    const entry = Object.keys(built.outputs).find((path) => basename(path) === 'wake.js') ?? '';
    expect(sizeOf(built.outputs, reach(built.outputs, entry, ['import-statement']))).toBeLessThan(400_000);
    expect(sizeOf(built.outputs, filesOf('wake'))).toBeLessThan(1_100_000);
  });

  it('alone verifies tokens', () => {
    const verifies = (program: string) => sourcesOf(program).some((source) => /node_modules\/jose\//.test(source));
    expect([verifies('scale'), verifies('report'), verifies('wake')]).toEqual([false, false, true]);
  });
});

it('the doctor is in the report and never in the scaler', () => {
  const doctor = (program: string) => sourcesOf(program).some((source) => source.startsWith('lib/doctor/'));
  expect([doctor('scale'), doctor('report')]).toEqual([false, true]);
});
