import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { repeat } from '../../cli/repeat.ts';
import { type Bundle, buildBundle } from '../doors/bundle.ts';
import { runCommand, startCommand } from '../doors/command.ts';
import { configuration, startDoorsWorld } from '../doors/world.ts';

describe('repeat', () => {
  it.each([
    ['keeps its pace from start to start', [300, 300, 300], [700, 700]],
    ['never overlaps a round that takes too long', [300, 2_500, 300], [700, 0]],
  ])('%s', async (_, durations, sleeps) => {
    const controller = new AbortController();
    let clock = 0;
    const slept: number[] = [];
    let rounds = 0;
    const round = async () => {
      clock += durations[rounds] ?? 0;
      rounds += 1;
      if (rounds === durations.length) controller.abort();
    };
    const sleep = async (ms: number) => {
      slept.push(ms);
      clock += ms;
    };
    await repeat(round, { everyMs: 1_000, signal: controller.signal, now: () => clock, sleep });
    expect({ rounds, slept }).toEqual({ rounds: durations.length, slept: sleeps });
  });

  it('does nothing once the signal has come', async () => {
    const round = () => Promise.reject(new Error('never'));
    const pace = { everyMs: 1, signal: AbortSignal.abort(), now: () => 0, sleep: () => Promise.resolve() };
    await expect(repeat(round, pace)).resolves.toBeUndefined();
  });
});

describe('run', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('finishes the running tick on %s and ends with 0', async (signal) => {
    await using world = await startDoorsWorld();
    world.bitbucket.latencyMs = 400;
    const command = startCommand(['run', '--every', '1m'], world.environment);
    await vi.waitUntil(() => world.bitbucket.requests.length > 0, { timeout: 10_000 });
    command.process.kill(signal);
    const { code, stdout, stderr } = await command.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('added 3 runners');
    // On a slow machine the tick takes long enough to show progress in between.
    expect(stderr).toMatch(
      /^stopping as soon as the running tick is done; once more stops at once\n(still working .*\n)*stopped after 1 tick\n$/,
    );
    expect(world.kubernetes.names('runners', 'secrets')).toHaveLength(3);
  });

  it('ends at once between two ticks', async () => {
    await using world = await startDoorsWorld();
    const command = startCommand(['run', '--every', '1h'], world.environment);
    await command.seen('stdout', /added 3 runners/);
    command.process.kill('SIGINT');
    expect((await command.ended).code).toBe(0);
  });

  it('ends at once at the second signal', async () => {
    await using world = await startDoorsWorld();
    world.bitbucket.script({ reply: 'hang', times: 10 });
    const command = startCommand(['run'], world.environment);
    await vi.waitUntil(() => world.bitbucket.requests.length > 0, { timeout: 10_000 });
    command.process.kill('SIGINT');
    await command.seen('stderr', /once more/);
    command.process.kill('SIGINT');
    expect((await command.ended).code).toBe(130);
  });

  it('reads the configuration anew, shows what fails, and goes on', async () => {
    await using world = await startDoorsWorld();
    const command = startCommand(['run', '--every', '1s', '--json'], world.environment);
    await command.seen('stdout', /"action":"scale-up","from":0,"to":3/);
    await world.write('runners_config.yaml', configuration({ min: 9, max: 2, name: '' }));
    await command.seen(
      'stderr',
      /^error: .*runners_config\.yaml:.* groups\[0\]\.name: .*\nerror: .* groups\[0\]\.parameters\.min: /m,
    );
    await world.write('runners_config.yaml', configuration({ min: 4 }));
    await command.seen('stdout', /"action":"scale-up","from":3,"to":4/);
    command.process.kill('SIGTERM');

    const { code, stdout } = await command.ended;
    expect(code).toBe(0);
    const documents = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents.some(({ error }) => error?.problems.length > 0)).toBe(true);
    expect(documents.filter(({ version }) => version === 1).length).toBeGreaterThanOrEqual(2);
  });
});

describe('the bundled command', () => {
  let bundle: Bundle;

  beforeAll(async () => {
    bundle = await buildBundle();
  });

  afterAll(async () => {
    await bundle.remove();
  });

  it('does what the source does', async () => {
    await using world = await startDoorsWorld();
    const options = { program: bundle.path('cli.js') };
    expect(await runCommand(['validate'], world.environment, options)).toMatchObject({ code: 0, stderr: '' });
    const applied = await runCommand(['apply'], world.environment, options);
    expect(applied.code).toBe(0);
    expect(applied.stdout).toContain('added 3 runners');
    expect(await runCommand(['plan', '--group', 'x'], world.environment, options)).toMatchObject({ code: 2 });
  });

  it.each([
    ['S3', ['plan', '--config', 's3://bucket/runners.yaml']],
    ['SSM', ['plan', '--config', 'ssm:/runners']],
    ['Secrets Manager', ['plan']],
    ['DynamoDB', ['apply', '--state', 'dynamodb:runner-state']],
  ])('carries the client for %s, which it loads late', async (_, args) => {
    await using world = await startDoorsWorld();
    const environment = {
      ...world.environment,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'loopback-secret-key',
      BITBUCKET_SECRET_ID: 'ci/bitbucket',
    };
    const { code, stdout, stderr } = await runCommand(args, environment, { program: bundle.path('cli.js') });
    expect(code).toBe(1);
    expect((stdout + stderr).replaceAll(/\s+/g, ' ')).toMatch(/AWS cannot be reached for \w+:\w+ on/);
    expect(stdout + stderr).not.toMatch(/not foreseen|loopback-secret-key/);
  });
});
