/** What a command writes to which stream, and with which code it ends. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrived } from '../doors/arrived.ts';
import { runCommand, startCommand } from '../doors/command.ts';
import { workIn } from '../doors/working-directory.ts';
import { configuration, type DoorsWorld, startDoorsWorld } from '../doors/world.ts';

let world: DoorsWorld;

beforeAll(async () => {
  world = await startDoorsWorld();
  await world.write('broken.yaml', 'groups:\n  - name: "x\n');
  await world.write('empty.yaml', '\n');
  await world.write('wrong.yaml', configuration({ min: 9, max: 2 }));
  return workIn(world.directory);
});

afterAll(async () => {
  await world.close();
});

it('options that npm kept are told of, instead of running without them', async () => {
  const kept = {
    ...world.environment,
    npm_lifecycle_event: 'cli',
    npm_config_group: 'true',
    npm_config_from_ticks: 'x',
  };
  const { code, stdout, stderr } = await runCommand(['plan', 'builds'], kept);
  expect([code, stdout, stderr]).toEqual([
    2,
    '',
    'error: npm kept --group and --from-ticks for itself; write -- before what is meant for the script: npm run --silent cli -- … --group …\n',
  ]);
});

describe('commands that go well', () => {
  it.each([
    ['--help', /^Usage: runner-autoscaler/],
    ['help plan', /Examples:\n {2}\$ runner-autoscaler plan/],
    ['validate --help', /Exit code: 0 valid/],
    ['plan --help', /Exit code: 0 fine/],
    ['apply --help', /may be interrupted/],
    ['run --help', /NDJSON/],
    ['demo --help', /simulated/],
    ['explain --help', /kept for 14 days/],
    ['status --help', /side by side|beside what the cluster says/],
    ['status', /linux-large +0 +0 +0 +0 +0 +3–10 +every runner has its Job/],
    ['--version', /^\d+\.\d+\.\d+(-rc\.\d+)?\n$/],
    ['validate', /is valid: 1 group\.\n$/],
    ['validate --group linux-large', /is valid: 1 group\.\n$/],
    ['plan', /linux-large +0 +0 +0 +0 +0 {2}scale-up 0 → 3/],
    ['plan --group linux-large', /would add 3 runners/],
    ['demo --json', /^\{/],
  ])('%s: exit 0, answer on stdout, silence on stderr', async (args, answer) => {
    const { code, stdout, stderr } = await runCommand(args.split(' '), world.environment);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(answer);
  });

  it.each(['validate', 'plan', 'apply --state memory', 'demo'])('%s --json: one document on stdout', async (args) => {
    await using own = await startDoorsWorld();
    const { code, stdout } = await runCommand([...args.split(' '), '--json'], own.environment);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toBeTypeOf('object');
  });

  it('answers alike whether the configuration comes by option or by variable', async () => {
    const { CONFIG_SOURCE: source = '', STATE_STORE: store = '', ...rest } = world.environment;
    const { code, stdout } = await runCommand(['plan', '--config', source, '--state', store, '--json'], rest);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).groups[0].decision).toMatchObject({ action: 'scale-up', from: 0, to: 3 });
  });

  it('applies once and then holds, and remembers it in the file', async () => {
    await using own = await startDoorsWorld();
    const first = await runCommand(['apply'], own.environment);
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('added 3 runners');
    expect(own.kubernetes.names('runners', 'jobs')).toHaveLength(3);
    const second = await runCommand(['apply'], own.environment);
    expect(second.stdout).toContain('hold 3');
    expect(own.runners()).toHaveLength(3);
  });

  it('explains the tick that was applied, and shows the fleet that it made', async () => {
    await using own = await startDoorsWorld();
    expect((await runCommand(['apply'], own.environment)).code).toBe(0);
    const { code, stdout } = await runCommand(['explain', '--group', 'linux-large'], own.environment);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Group linux-large at .* UTC \(tick /);
    expect(stdout).toContain('scale-up 0 → 3: 0 usable and 0 starting are fewer than min 3');
    const since = await runCommand(['explain', '--group', 'linux-large', '--since', '1h', '--json'], own.environment);
    expect(JSON.parse(since.stdout)).toMatchObject({ version: 1, group: 'linux-large', spans: [{ ticks: 1 }] });
    const status = await runCommand(['status', '--json'], own.environment);
    expect(JSON.parse(status.stdout)).toMatchObject({ version: 1, groups: [{ counts: { starting: 3 } }] });
  });

  it('shows the fleet with the bounds of the window that is open', async () => {
    const window = '{ name: always, from: "00:00", to: "24:00", timezone: UTC, min: 1, max: 7 }';
    await using own = await startDoorsWorld(`${configuration()}    schedules: [${window}]\n`);
    const { code, stdout } = await runCommand(['status', '--json'], own.environment);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).groups).toMatchObject([{ min: 1, max: 7, window: { name: 'always' } }]);
  });

  it('warns that a single tick without lasting memory never ends a cool-down', async () => {
    await using own = await startDoorsWorld();
    const { code, stderr } = await runCommand(['apply', '--state', 'memory'], own.environment);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: with state "memory" .* sqlite:PATH/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('shows that it goes on when a tick takes its time', async () => {
    await using own = await startDoorsWorld();
    const pause = Promise.withResolvers<void>();
    own.bitbucket.script({ reply: { until: pause.promise } });
    const command = startCommand(['plan', '--json'], own.environment);
    await arrived(own.bitbucket, 1);
    command.clock.advance(2_300);
    pause.resolve();
    const { code, stdout, stderr } = await command.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout).version).toBe(1);
    expect(stderr).toMatch(/^still working after 2 s: \d Bitbucket, \d Kubernetes and 0 AWS calls so far\n/);
  });

  it('colours nothing without a terminal', async () => {
    const { stdout } = await runCommand(['plan'], world.environment);
    expect(stdout).not.toContain('\x1b');
  });

  it.each<[string, Readonly<Record<string, string>>, boolean]>([
    ['a terminal', { TERM: 'xterm-256color' }, true],
    ['a terminal and NO_COLOR', { TERM: 'xterm-256color', NO_COLOR: '1' }, false],
    ['a terminal that knows none', { TERM: 'dumb' }, false],
  ])('with %s, shows colours: %s', async (_, variables, isColoured) => {
    const { stdout } = await runCommand(
      ['plan'],
      { ...world.environment, ...variables },
      { isTTY: true, columns: 100 },
    );
    expect(stdout.includes('\x1b')).toBe(isColoured);
  });

  it('takes its progress away again on a terminal', async () => {
    const pause = Promise.withResolvers<void>();
    world.bitbucket.script({ reply: { until: pause.promise } });
    const before = world.bitbucket.requests.length;
    const command = startCommand(['plan'], world.environment, { isTTY: true, columns: 100 });
    await arrived(world.bitbucket, before + 1);
    command.clock.advance(2_000);
    pause.resolve();
    const { stderr } = await command.ended;
    const erase = '\r\x1b[K';
    expect(stderr.replaceAll(erase, '<')).toMatch(/^<still working after 2 s: [^\n<]+<$/);
  });

  it('keeps two that run at the same time apart', async () => {
    await using own = await startDoorsWorld(configuration({ name: 'arm', min: 5 }));
    const [first, second, third] = await Promise.all([
      runCommand(['plan', '--json'], own.environment),
      runCommand(['validate'], world.environment),
      runCommand(['plan', '--group', 'arm'], world.environment),
    ]);
    expect(JSON.parse(first.stdout)).toMatchObject({ groups: [{ name: 'arm', decision: { to: 5 } }] });
    expect(second).toEqual({ code: 0, stdout: expect.stringMatching(/is valid: 1 group\.\n$/), stderr: '' });
    expect(third).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(/^error: No group is called "arm"/) });
  });
});

describe('validate', () => {
  const faulty = configuration({ min: 5, max: 2 }).replace('strategy:', 'cooldwn: 3\n    strategy:');

  it('prints every problem with its place on a line, and a summary', async () => {
    await using own = await startDoorsWorld(faulty);
    const { code, stdout, stderr } = await runCommand(['validate'], own.environment);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.filter((line) => /runners_config\.yaml:\d+:\d+ groups\[0\]\./.test(line))).toHaveLength(2);
    expect(lines.at(-1)).toMatch(/is invalid: 2 problems\.$/);
  });

  it('gives the same as one document', async () => {
    await using own = await startDoorsWorld(faulty);
    const { code, stdout } = await runCommand(['validate', '--json'], own.environment);
    expect(code).toBe(2);
    const verdict = JSON.parse(stdout);
    expect(verdict).toMatchObject({ version: 1, valid: false, groups: 0 });
    expect(verdict.problems).toHaveLength(2);
    expect(verdict.problems[0]).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
  });

  it('checks the Job templates too', async () => {
    const templated = `jobTemplates: { own: { path: job.yaml } }\n${configuration()}    jobTemplate: own\n`;
    await using own = await startDoorsWorld(templated);
    await own.write('job.yaml', 'apiVersion: batch/v1\nkind: Pod\nmetadata: { name: x }\n');
    const { code, stdout } = await runCommand(['validate'], own.environment);
    expect(code).toBe(2);
    expect(stdout).toMatch(/job\.yaml/);
  });

  it('warns of runners that a change leaves behind, by what the ticks remember', async () => {
    await using own = await startDoorsWorld();
    expect((await runCommand(['apply'], own.environment)).code).toBe(0);
    await own.write('runners_config.yaml', configuration().replace('"runners"', '"ci"'));
    const { code, stdout, stderr } = await runCommand(['validate', '--json'], own.environment);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const left = JSON.parse(stdout).warnings.filter(({ path }: { path: string }) => path === 'groups[0].namespace');
    expect(left).toEqual([
      expect.objectContaining({ line: 8, message: expect.stringContaining('has namespace ci instead of runners') }),
    ]);
    const forgetful = await runCommand(['validate', '--state', 'memory'], own.environment);
    expect(forgetful).toMatchObject({ code: 0, stdout: expect.not.stringContaining('instead of runners') });
  });

  it('says so where nobody can know what is left behind', async () => {
    await using own = await startDoorsWorld();
    const gone = { ...own.environment, AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_MAX_ATTEMPTS: '1' };
    const state = ['--state', 'dynamodb:runners'];
    const { code, stdout } = await runCommand(['validate', ...state], gone);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^warning: dynamodb:runners does not tell whether runners are left behind: .+$/m);
  });

  it.each([
    ['', '1m 30s'],
    ['    drainGrace: 2m\n', '2m'],
  ])('says once what it depends on that no build is killed', async (grace, expected) => {
    await using own = await startDoorsWorld(`${configuration()}${grace}`);
    const condition = new RegExp(`pods/log is granted .* drainGrace \\(${expected}\\)$`);
    const { stdout } = await runCommand(['validate', '--json'], own.environment);
    expect(JSON.parse(stdout).conditions).toEqual([expect.stringMatching(condition)]);
    const text = (await runCommand(['validate'], own.environment)).stdout.split('\n');
    expect(text.filter((line) => line.startsWith('note: '))).toEqual([expect.stringMatching(condition)]);
  });

  it('says what it leaves out where pods of idle runners request little memory', async () => {
    const little = '    whenIdle: { requests: { cpu: 50m, memory: 256Mi } }\n';
    await using own = await startDoorsWorld(`${configuration()}${little}`);
    const { stdout } = await runCommand(['validate', '--json'], own.environment);
    expect(JSON.parse(stdout).conditions).toEqual([
      expect.stringContaining('pods/log is granted'),
      expect.stringMatching(/^with one exception: .* evicts .* a busy pod of "[^"]+" \(whenIdle\.requests\.memory\)$/),
    ]);
  });

  it('calls neither Bitbucket nor the cluster', async () => {
    await using own = await startDoorsWorld();
    const {
      KUBECONFIG: _kubeconfig,
      ATLASSIAN_API_TOKEN: _token,
      ATLASSIAN_ACCOUNT_EMAIL: _email,
      ...bare
    } = own.environment;
    expect(await runCommand(['validate'], bare)).toMatchObject({ code: 0, stderr: '' });
    expect(own.bitbucket.requests).toEqual([]);
    expect(own.kubernetes.requests).toEqual([]);
  });
});

describe('bad input', () => {
  const NOTHING: Readonly<Record<string, string>> = {};

  it.each<[string, string, Readonly<Record<string, string>>, number, RegExp]>([
    ['no command', '', NOTHING, 2, /Usage: runner-autoscaler/],
    ['an unknown command', 'scale', NOTHING, 2, /^error: unknown command 'scale'/],
    ['an unknown option', 'plan --gruop x', NOTHING, 2, /^error: unknown option '--gruop'\n\(Did you mean --group\?\)/],
    ['an option without its value', 'plan --group', NOTHING, 2, /argument missing/],
    ['an argument too many', 'plan now', NOTHING, 2, /^error: too many arguments/],
    ['a pace of nothing', 'run --every 0s', NOTHING, 2, /at least one second/],
    ['a pace that is none', 'run --every often', NOTHING, 2, /such as 10s or 1m/],
    ['no configuration', 'plan', { CONFIG_SOURCE: '' }, 2, /^error: No configuration is named; give --config/],
    [
      'a missing file',
      'plan --config nowhere.yaml',
      NOTHING,
      2,
      /^error: File .*nowhere\.yaml cannot be read: there is no/,
    ],
    ['a directory', 'plan --config .', NOTHING, 2, /^error: File .* it is a directory/],
    ['a scheme that is none', 'plan --config ftp://x/y', NOTHING, 2, /^error: Source "ftp:\/\/x\/y"/],
    ['half an S3 address', 'plan --config s3://bucket', NOTHING, 2, /s3:\/\/bucket\/key/],
    ['broken YAML', 'plan --config broken.yaml', NOTHING, 2, /^error: .*broken\.yaml:\d+:\d+ /],
    ['an empty file', 'plan --config empty.yaml', NOTHING, 2, /^error: .*empty/],
    ['a wrong value', 'run --config wrong.yaml', NOTHING, 2, /^error: .*wrong\.yaml:\d+:\d+ groups\[0\]/],
    ['an unknown group', 'plan --group windows', NOTHING, 2, /^error: No group is called "windows"; .*"linux-large"/],
    ['an unknown group of a loop', 'run --group windows', NOTHING, 2, /^error: No group is called "windows"/],
    ['an unknown group to validate', 'validate --group windows', NOTHING, 2, /^error: No group is called "windows"/],
    ['an explanation of nothing', 'explain', NOTHING, 2, /^error: required option '-g, --group <name>'/],
    ['an explanation without memory', 'explain -g x --state memory', NOTHING, 2, /^error: State "memory" keeps no/],
    ['a group that no tick looked at', 'explain -g x', NOTHING, 2, /^error: No tick looked at group "x" in the hour/],
    ['a time that is none', 'explain -g x --at noon', NOTHING, 2, /such as 2026-11-23T10:00 or 10:00, both UTC/],
    ['a stretch that is none', 'explain -g x --since ever', NOTHING, 2, /such as 30m, 2h or 1d/],
    ['a time and a stretch', 'explain -g x --since 1h --at 10:00', NOTHING, 2, /Give --at or --since, not both/],
    ['a status without a cluster', 'status', { KUBECONFIG: '/nowhere' }, 1, /unknown: Jobs in namespace runners/],
    ['a state store that is none', 'plan --state redis:x', NOTHING, 2, /^error: State store "redis:x"/],
    ['a wrong variable', 'plan', { STATE_STORE: 'redis:x' }, 2, /^error: environment STATE_STORE: /],
    [
      'half a credential',
      'plan',
      { ATLASSIAN_API_TOKEN: '' },
      2,
      /^error: environment ATLASSIAN_API_TOKEN: is missing/,
    ],
    ['a wrong address', 'plan', { BITBUCKET_BASE_URL: 'bitbucket' }, 2, /^error: environment BITBUCKET_BASE_URL: /],
    ['a state file that is none', 'plan --state file:broken.yaml', NOTHING, 1, /broken\.yaml/],
    ['no credential', 'plan', { ATLASSIAN_API_TOKEN: '', ATLASSIAN_ACCOUNT_EMAIL: '' }, 1, /credential/],
    ['no kubeconfig', 'plan', { KUBECONFIG: '/nowhere' }, 1, /kubeconfig/],
    [
      'a Bitbucket out of reach',
      'plan',
      { BITBUCKET_BASE_URL: 'http://127.0.0.1:40001' },
      1,
      /Bitbucket cannot be reached|connection/,
    ],
  ])('%s: one sentence, no stack, the right code', async (_, args, variables, exitCode, sentence) => {
    const environment = { ...world.environment, ...variables };
    const { code, stdout, stderr } = await runCommand(args === '' ? [] : args.split(' '), environment);
    expect(code).toBe(exitCode);
    const told = exitCode === 2 ? stderr : stdout.replaceAll(/\s+/g, ' ') + stderr;
    expect(told).toMatch(sentence);
    expect(stdout + stderr).not.toMatch(/^ {4}at /m);
    if (exitCode === 2) expect(stdout).toBe('');
    if (exitCode === 2 && args !== '') expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  });

  it.each([
    ['plan --config nowhere.yaml', 2],
    ['plan --bogus', 2],
    ['apply --group windows', 2],
    ['run --state redis:x', 2],
  ])('%s --json: one document says what was wrong', async (args, exitCode) => {
    const { code, stdout } = await runCommand([...args.split(' '), '--json'], world.environment);
    expect(code).toBe(exitCode);
    expect(JSON.parse(stdout)).toEqual({ error: { message: expect.stringMatching(/./), problems: expect.any(Array) } });
  });

  it.each([
    ['malformed JSON', { status: 200, body: '<html>' }],
    ['an answer of another shape', { status: 200, body: { values: [{ uuid: 7 }] } }],
    ['a refused credential', { status: 401 }],
    ['a missing workspace', { status: 404 }],
  ] as const)('an answer that is %s: the group holds, exit 1, the report is there', async (_, reply) => {
    await using own = await startDoorsWorld();
    own.bitbucket.script({ path: 'runners', times: 50, reply });
    const { code, stdout, stderr } = await runCommand(['apply', '--json'], own.environment);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const report = JSON.parse(stdout);
    expect(report.groups[0].decision).toMatchObject({ action: 'hold', reason: { code: 'partial-observation' } });
    expect(report.groups[0]).toMatchObject({ countsUnknown: true });
    expect(report.groups[0].problems[0]).toMatch(
      /^(runners of acme: .{20,}|The credential of the environment is refused)/,
    );
    expect(own.kubernetes.requests.every(({ method }) => method === 'GET')).toBe(true);
  });
});
