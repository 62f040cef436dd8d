/** The program as a process: exit codes, streams, signals, and the bundle with all that it carries. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOfDatabase } from '#kit/database.ts';
import { arrived } from '../doors/arrived.ts';
import { bundled } from '../doors/bundle.ts';
import { type RunningProgram, runProgram, SOURCE, startProgram, withoutProgress } from '../doors/program.ts';
import { API_TOKEN, configuration, type DoorsWorld, startDoorsWorld } from '../doors/world.ts';

const BUNDLE = bundled('cli.js');

it('the source ends with 0 when all is well, as the bundle does', async () => {
  await using world = await startDoorsWorld();
  const { code, stdout, stderr } = await runProgram(SOURCE, ['apply'], world.environment);
  expect([code, withoutProgress(stderr)]).toEqual([0, '']);
  expect(stdout).toContain('added 3 runners');
});

describe('the program', () => {
  let world: DoorsWorld;

  beforeAll(async () => {
    world = await startDoorsWorld();
  });

  afterAll(async () => {
    await world.close();
  });

  it('ends with 0 when all is well, and says nothing on stderr', async () => {
    expect(await runProgram(BUNDLE, ['validate'], world.environment)).toEqual({
      code: 0,
      stdout: expect.stringMatching(/is valid: 1 group\.\n$/),
      stderr: '',
    });
    const applied = await runProgram(BUNDLE, ['apply'], world.environment);
    expect(applied.code).toBe(0);
    expect(applied.stdout).toContain('added 3 runners');
  });

  it('ends with 1 when the work fails', async () => {
    const { code, stdout } = await runProgram(BUNDLE, ['plan'], { ...world.environment, KUBECONFIG: '/nowhere' });
    expect(code).toBe(1);
    expect(stdout).toContain('kubeconfig');
  });

  it('ends with 2 after wrong use, with one sentence on stderr', async () => {
    const { code, stdout, stderr } = await runProgram(BUNDLE, ['plan', '--group', 'x'], world.environment);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: No group is called "x"; .*\n$/);
  });

  it('prints one document with --json, whatever happens', async () => {
    const { code, stdout } = await runProgram(BUNDLE, ['plan', '--group', 'x', '--json'], world.environment);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { problems: expect.any(Array) } });
  });
});

describe('a reader that has seen enough', () => {
  it('is no failure', async () => {
    const { process: child, ended } = startProgram(BUNDLE, ['demo'], {});
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('run', () => {
  /** Sends the signal while the first call of the tick waits for its answer, and the answer when that was heard. */
  async function interrupted({ bitbucket }: DoorsWorld, command: RunningProgram, signal: 'SIGINT' | 'SIGTERM') {
    await arrived(bitbucket, 1);
    command.process.kill(signal);
    await command.seen('stderr', /once more stops at once\n/);
  }

  it.each(['SIGINT', 'SIGTERM'] as const)('finishes the running tick on %s and ends with 0', async (signal) => {
    await using world = await startDoorsWorld();
    const heard = Promise.withResolvers<void>();
    world.bitbucket.script({ reply: { until: heard.promise } });
    const command = startProgram(BUNDLE, ['run', '--every', '1m'], world.environment);
    await interrupted(world, command, signal);
    heard.resolve();
    const { code, stdout, stderr } = await command.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('added 3 runners');
    expect(withoutProgress(stderr)).toBe(
      'stopping as soon as the running tick is done; once more stops at once\nstopped after 1 tick\n',
    );
    expect(world.kubernetes.names('runners', 'secrets')).toHaveLength(3);
  });

  it('ends at once between two ticks', async () => {
    await using world = await startDoorsWorld();
    const command = startProgram(BUNDLE, ['run', '--every', '1h'], world.environment);
    await command.seen('stdout', /added 3 runners/);
    command.process.kill('SIGINT');
    expect((await command.ended).code).toBe(0);
  });

  it('ends at once at the second signal', async () => {
    await using world = await startDoorsWorld();
    world.bitbucket.script({ reply: 'hang', times: 10 });
    const command = startProgram(BUNDLE, ['run'], world.environment);
    await interrupted(world, command, 'SIGINT');
    command.process.kill('SIGINT');
    expect((await command.ended).code).toBe(130);
  });
});

describe('the AWS SDK', () => {
  it('finds no credentials where there are none, and one sentence says so', async () => {
    await using world = await startDoorsWorld();
    const environment = { ...world.environment, EKS_CLUSTER_NAME: 'ci' };
    const { code, stdout, stderr } = await runProgram(BUNDLE, ['plan'], environment);
    expect(code).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ') + stderr).toMatch(/No AWS credentials were found for EKS cluster "ci"/);
    expect(stdout + stderr).not.toMatch(/^ {4}at /m);
  });

  it.each([
    ['S3', ['plan', '--config', 's3://bucket/runners.yaml']],
    ['SSM', ['plan', '--config', 'ssm:/runners']],
    ['Secrets Manager', ['plan']],
    ['DynamoDB', ['apply', '--state', 'dynamodb:runner-state']],
  ])('is in the bundle for %s, which loads it late', async (_, args) => {
    await using world = await startDoorsWorld();
    const environment = {
      ...world.environment,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'loopback-secret-key',
      BITBUCKET_SECRET_ID: 'ci/bitbucket',
    };
    const { code, stdout, stderr } = await runProgram(BUNDLE, args, environment);
    expect(code).toBe(1);
    expect((stdout + stderr).replaceAll(/\s+/g, ' ')).toMatch(/AWS cannot be reached for \w+:\w+ on/);
    expect(stdout + stderr).not.toMatch(/not foreseen|loopback-secret-key/);
  });
});

describe('secrets', () => {
  it.each([[[]], [['--json']]])(
    'appear nowhere, whether it works or fails, with every debug line on: %j',
    async (more) => {
      await using own = await startDoorsWorld();
      const environment = { ...own.environment, NODE_DEBUG: 'runner-autoscaler', LOG_LEVEL: 'TRACE' };
      const outputs = [
        await runProgram(BUNDLE, ['plan', ...more], environment),
        await runProgram(BUNDLE, ['apply', ...more], environment),
      ];
      // The server quotes what it refuses.
      own.kubernetes.failNext({
        method: 'POST',
        resource: 'secrets',
        times: 10,
        answer: { status: 422, reason: 'Invalid', message: own.bitbucket.issuedSecrets.join(' ') },
      });
      await own.write('runners_config.yaml', configuration({ min: 5 }));
      outputs.push(await runProgram(BUNDLE, ['apply', ...more], environment));
      own.bitbucket.script({ times: 9, reply: { status: 400, body: { error: { message: `what is ${API_TOKEN}?` } } } });
      outputs.push(await runProgram(BUNDLE, ['apply', ...more], environment));
      expect(outputs.map(({ code }) => code)).toEqual([0, 0, 1, 1]);

      const everything = JSON.stringify(outputs) + textOfDatabase(own.path('state.sqlite'));
      expect(own.bitbucket.issuedSecrets).toHaveLength(5);
      expect(own.secrets().filter((secret) => everything.includes(secret))).toEqual([]);
    },
  );
});
