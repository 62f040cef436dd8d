/** Manifests on the command line: `validate` judges them, `plan --manifests` shows them; neither asks a service. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { runCommand } from '../doors/command.ts';
import { configuration, type DoorsWorld, startDoorsWorld } from '../doors/world.ts';

let world: DoorsWorld;

/** Two groups: one with the built-in template, one with `job.yaml`. */
const CONFIG = `jobTemplates: { own: { path: job.yaml } }
${configuration()}
${configuration({ name: 'own' }).split('groups:\n')[1]?.replace('"large"', '"own"')}    jobTemplate: own
`;

beforeAll(async () => {
  world = await startDoorsWorld(CONFIG);
  await world.write('job.yaml', BUILT_IN_TEMPLATE.text);
  await world.write('broken.yaml', CONFIG.replace('job.yaml', 'broken-job.yaml').replace('min: 3', 'mni: 3'));
  await world.write('broken-job.yaml', BUILT_IN_TEMPLATE.text.replace('backoffLimit', 'backOfLimit'));
  await world.write('trap.yaml', CONFIG.replace('job.yaml', 'trap-job.yaml'));
  await world.write('trap-job.yaml', BUILT_IN_TEMPLATE.text.replace('ttlSecondsAfterFinished: 600', ''));
  await world.write('unfit.yaml', CONFIG.replace('job.yaml', 'unfit-job.yaml'));
  await world.write('unfit-job.yaml', BUILT_IN_TEMPLATE.text.replace('{{architecture}}', '{{arch}}'));
});

afterAll(async () => {
  expect(world.bitbucket.requests).toEqual([]);
  expect(world.kubernetes.requests).toEqual([]);
  await world.close();
});

async function run(...args: readonly string[]) {
  const { code, stdout, stderr } = await runCommand(args, world.environment);
  return { code, stderr, stdout: stdout.replaceAll(`${world.directory}/`, '') };
}

describe('validate', () => {
  it('tells what is wrong with the file and with its templates together', async () => {
    const { code, stdout } = await run('validate', '--config', world.path('broken.yaml'));
    expect(code).toBe(2);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^broken\.yaml:\d+:\d+ groups\[0\]\.parameters\.min: is missing$/),
      expect.stringMatching(/^broken\.yaml:\d+:\d+ groups\[0\]\.parameters\.mni: unknown key$/),
      expect.stringMatching(
        /^broken-job\.yaml:\d+:7 items\[1\]\.spec\.backOfLimit: unknown field \(did you mean "backoffLimit"\?\)$/,
      ),
      'broken.yaml is invalid: 3 problems.',
      '',
    ]);
  });

  it('looks only at the groups that are asked for', async () => {
    const { stdout } = await run('validate', '--group', 'linux-large', '--config', world.path('broken.yaml'));
    expect(stdout).toMatch(/is invalid: 2 problems\.\n$/);
  });

  it('warns of traps, and finds the file valid', async () => {
    const { code, stdout } = await run('validate', '--config', world.path('trap.yaml'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^warning: trap-job\.yaml:\d+:7 items\[1\]\.spec\.ttlSecondsAfterFinished: is missing/);
    expect(stdout).toMatch(/trap\.yaml is valid: 2 groups, with 1 warning\.\n$/);
  });

  it('gives both lists as one document', async () => {
    const { stdout } = await run('validate', '--json', '--config', world.path('trap.yaml'));
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      valid: true,
      groups: 2,
      problems: [],
      warnings: [{ source: 'trap-job.yaml', line: expect.any(Number), path: 'items[1].spec.ttlSecondsAfterFinished' }],
    });
  });
});

describe('plan --manifests', () => {
  it('prints two documents for each group, under its name', async () => {
    const { code, stdout, stderr } = await run('plan', '--manifests');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const documents = parseAllDocuments(stdout, { version: '1.1' }).map((document) => document.toJS());
    expect(documents.map(({ kind }) => kind)).toEqual(['Job', 'Secret', 'Job', 'Secret']);
    expect(stdout.match(/^# Group .*:/gm)).toEqual(['# Group "linux-large":', '# Group "own":']);
    expect(stdout).toMatch(/oauthClientSecret: "\[secret\]"/);
  });

  it('prints the groups that are asked for, and one document with --json', async () => {
    const { code, stdout, stderr } = await run('plan', '--manifests', '--group', 'own', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      manifests: [{ group: 'own', job: { kind: 'Job' }, secret: { data: { oauthClientSecret: '[secret]' } } }],
    });
  });

  it('refuses a template that cannot be filled', async () => {
    const { code, stdout, stderr } = await run('plan', '--manifests', '--config', world.path('unfit.yaml'));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: \S*unfit-job\.yaml:\d+:33 .*\{\{arch}} is not a variable; there are .*\n$/);
  });
});
