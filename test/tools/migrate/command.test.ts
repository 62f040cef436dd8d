/** `migrate` from arguments to files: streams, exit codes, and what is on the disk afterwards. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../doors/command.ts';
import { workIn } from '../../doors/working-directory.ts';
import { CONFIG, GUIDE_TEMPLATE } from './samples.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../kit/atlassian/${name}`, import.meta.url));
const GUIDE = ['control-plane', 'job-template', 'runners-config'].map((name) => fixture(`guide-1x/${name}.yaml`));

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'migrate-'));
  await writeFile(join(cwd, 'runners_config.yaml'), CONFIG);
  await writeFile(join(cwd, 'job.yaml.template'), GUIDE_TEMPLATE);
  await writeFile(join(cwd, 'loop.template'), GUIDE_TEMPLATE.replace('kind: List', '{% for a in b %}'));
  await writeFile(join(cwd, 'file'), 'a');
  return workIn(cwd);
});

afterEach(() => rm(cwd, { recursive: true }));

const run = (args: string) => runCommand(['migrate', ...args.split(' ')], {});
const read = (path: string) => readFile(join(cwd, path), 'utf8');

describe('goes well', () => {
  it('writes both files into a directory that it makes, and says what changed', async () => {
    const { code, stdout, stderr } = await run('--out a/b runners_config.yaml job.yaml.template');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Wrote a\/b\/runners_config\.yaml and a\/b\/job-template\.yaml\.\n/);
    expect(await readdir(join(cwd, 'a/b'))).toEqual(['job-template.yaml', 'runners_config.yaml']);
    const validated = await runCommand(['validate', '--config', 'a/b/runners_config.yaml'], {});
    expect(validated).toMatchObject({ code: 0, stderr: '' });
    expect(validated.stdout.split('\n')).toContain('a/b/runners_config.yaml is valid: 1 group.');
  });

  it('prints one document with --json', async () => {
    const { code, stdout, stderr } = await run(`--out out --json ${GUIDE.join(' ')}`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      valid: true,
      written: ['out/runners_config.yaml', 'out/job-template.yaml'],
      groups: 1,
      placeholders: 2,
      problems: [],
      warnings: [
        { path: 'groups[0].workspace', line: 15 },
        { path: 'groups[0].repository', line: 16 },
      ],
      own: { settings: { nodeSelector: { customer: 'shared' } }, others: [] },
    });
  });

  it('overwrites with --force', async () => {
    await run('--out out runners_config.yaml');
    await writeFile(join(cwd, 'out/runners_config.yaml'), 'edited');
    expect(await run('--out out --force runners_config.yaml')).toMatchObject({ code: 0 });
    expect(await read('out/runners_config.yaml')).toContain('groups:');
  });

  it('explains itself, with examples and exit codes', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}\$ runner-autoscaler migrate --out/);
    expect(stdout).toMatch(/Exit code: 0 written, 1 /);
  });
});

describe('goes wrong, and writes nothing', () => {
  it.each([
    ['what cannot be converted', '--out out runners_config.yaml loop.template', 1, /^loop\.template:2 "for" cannot be/],
    [
      'a file that is not there',
      '--out out nowhere.yaml',
      2,
      /^error: File .*nowhere\.yaml cannot be read: there is no/,
    ],
    ['a file of something else', '--out out file', 2, /^error: file:1 is neither a runner configuration/],
    ['no file', '--out out', 2, /^error: missing required argument 'file'/],
    ['no directory', 'runners_config.yaml', 2, /^error: required option '-o, --out <dir>' not specified/],
    [
      'a directory that is a file',
      '--out file runners_config.yaml',
      2,
      /^error: Nothing can be written to file \(.*give another/,
    ],
    [
      'a file that is there already',
      '--out . runners_config.yaml',
      2,
      /^error: runners_config\.yaml exists already; give/,
    ],
  ])('%s', async (_, args, exitCode, sentence) => {
    const { code, stdout, stderr } = await run(args);
    expect(code).toBe(exitCode);
    expect(exitCode === 1 ? stdout : stderr).toMatch(sentence);
    expect(stdout + stderr).not.toMatch(/^ {4}at /m);
    expect((await readdir(cwd)).sort()).toEqual(['file', 'job.yaml.template', 'loop.template', 'runners_config.yaml']);
    expect(await read('runners_config.yaml')).toBe(CONFIG);
  });

  it.each(['chart', 'chart-3.11.0.tgz', 'chart/Chart.yaml'])('a chart instead of its rendering: %s', async (name) => {
    await mkdir(join(cwd, 'chart'));
    await writeFile(join(cwd, 'chart/Chart.yaml'), 'apiVersion: v2\nname: chart\nversion: 3.11.0\n');
    await writeFile(join(cwd, 'chart-3.11.0.tgz'), Buffer.from([0x1f, 0x8b, 8]));
    const { code, stderr } = await run(`--out out ${name}`);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: \S+ (is|describes) a Helm chart; render [a-z ]+ first \(helm template … > rendered\.yaml\)[^\n]+\n$/,
    );
  });

  it('one of two files is there already', async () => {
    await mkdir(join(cwd, 'out'));
    await writeFile(join(cwd, 'out/job-template.yaml'), 'mine');
    const { code, stderr } = await run('--out out runners_config.yaml job.yaml.template');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'error: out/job-template.yaml exists already; give another --out, or --force to overwrite\n',
    });
    expect(await readdir(join(cwd, 'out'))).toEqual(['job-template.yaml']);
  });

  it('with --json: the problems as data', async () => {
    const { code, stdout } = await run('--out out --json loop.template');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      valid: false,
      written: [],
      problems: [{ source: 'loop.template', line: 2 }],
    });
  });
});
