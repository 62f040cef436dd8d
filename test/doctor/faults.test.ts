/**
 * Planted faults, one row each: the doctor finds it, says what to do, and finds nothing else. Those of namespaces and
 * nodes are planted in a real cluster, in test/cluster/doctor.test.ts.
 */
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:https';
import { describe, expect, it, vi } from 'vitest';
import { createDynamoDbStateStore } from '#adapters/state/dynamodb.ts';
import type { TickRecord } from '#core/model/report.ts';
import { type Reason, reason } from '#core/reasons.ts';
import { checkNode } from '#doctor/configuration.ts';
import { makeCertificate } from '#kit/certificate.ts';
import { startDynamoDb } from '#kit/dynamodb.ts';
import { awsEnvironment, json, jsonError, listen, type ScriptedAnswer, scriptedService } from '#kit/loopback.ts';
import type { Script } from '#kit/loopback-bitbucket.ts';
import { startLoopbackEks } from '#kit/loopback-eks.ts';
import { group as groupReport } from '../doors/reports.ts';
import { configuration, startDoorsWorld, type WorldOver } from '../doors/world.ts';
import { expectFault, expectHealth, type Finding, visit } from './visit.ts';

/** A group of its own line of settings. */
const group = (lines: string, name = 'linux-large') =>
  `groups:\n  - { name: ${name}, workspace: acme, labels: [large], namespace: runners, strategy: idleBuffer, parameters: { min: 1, max: 4, idleCount: 1, scaleFactor: 1 }, ${lines} }\n`;

const queueAware = (lines: string) => group(lines).replace('idleBuffer', 'queueAware');

const template = (image: string) =>
  `jobTemplates:\n  own:\n    inline: |\n${runnerTemplate(image).replace(/^/gm, '      ')}\n${group('jobTemplate: own')}`;

const runnerTemplate = (image: string) => `apiVersion: batch/v1
kind: Job
metadata:
  name: runner-{{runnerUuid}}
spec:
  template:
    spec:
      restartPolicy: OnFailure
      containers:
        - name: runner
          image: ${image}
          env:
            - { name: RUNNER_UUID, value: "{{{runnerUuid}}}" }
            - { name: ACCOUNT_UUID, value: "{{{accountUuid}}}" }
            - name: OAUTH_CLIENT_ID
              valueFrom: { secretKeyRef: { name: "runner-oauth-credentials-{{runnerUuid}}", key: oauthClientId } }
            - name: OAUTH_CLIENT_SECRET
              valueFrom: { secretKeyRef: { name: "runner-oauth-credentials-{{runnerUuid}}", key: oauthClientSecret } }`;

type Row = WorldOver & {
  readonly fault: string;
  readonly config?: string;
  /** Instead of those of the world; empty: unset. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly scripts?: readonly Script[];
  readonly found: Finding;
};

const refuse = (path: string, status: number, method = 'GET'): Script => ({
  method,
  path,
  times: 9,
  reply: { status },
});

const ROWS: readonly Row[] = [
  {
    fault: 'no configuration is named',
    variables: { CONFIG_SOURCE: '' },
    found: ['configuration', /No configuration is named/, /give --config/],
  },
  {
    fault: 'the configuration is not there',
    variables: { CONFIG_SOURCE: '/nowhere/runners.yaml' },
    found: ['configuration', /nowhere/, /./],
  },
  {
    fault: 'a key that nobody knows',
    config: group('cooldwn: 5m'),
    found: ['configuration', /cooldwn/, /validate/],
  },
  {
    fault: 'a Job template with a hole that has no name',
    config: template('runner:1.0.0').replace('{{{accountUuid}}}', '{{{acountUuid}}}'),
    found: ['manifests', /acountUuid/, /Job template/],
  },
  {
    fault: 'an image without a tag',
    config: template('atlassian/runner'),
    found: ['images', /every release/, /name a version/],
  },
  {
    fault: 'the tag latest',
    config: template('mirror:5000/runner:latest'),
    found: ['images', /every release/, /digest/],
  },
  {
    fault: 'a name that cannot be resolved',
    variables: { BITBUCKET_BASE_URL: 'https://bitbucket.invalid' },
    found: ['bitbucket', /cannot be resolved/, /BITBUCKET_BASE_URL/],
  },
  {
    fault: 'a port at which nobody listens',
    variables: { BITBUCKET_BASE_URL: 'http://127.0.0.1:1' },
    found: ['bitbucket', /no way to it \(ECONNREFUSED\)/, /HTTPS_PROXY/],
  },
  {
    fault: 'a connection that breaks',
    scripts: [{ path: 'hook_events', reply: 'reset' }],
    found: ['bitbucket', /breaks/, /firewalls/],
  },
  { fault: 'an outage', scripts: [refuse('hook_events', 503)], found: ['bitbucket', /answers 503/, /status/] },
  {
    fault: 'a clock that is wrong',
    scripts: [{ path: 'hook_events', reply: { status: 200, headers: { date: 'Sat, 01 Jan 2022 00:00:00 GMT' } } }],
    found: ['clock', /s ahead of Bitbucket/, /NTP/],
  },
  {
    fault: 'no credential',
    variables: { ATLASSIAN_API_TOKEN: '', ATLASSIAN_ACCOUNT_EMAIL: '' },
    found: ['credential', /no Bitbucket credential/, /set BITBUCKET_SECRET_ID/],
  },
  {
    fault: 'an app password',
    variables: {
      ATLASSIAN_API_TOKEN: '',
      ATLASSIAN_ACCOUNT_EMAIL: '',
      BITBUCKET_USERNAME: 'acme',
      BITBUCKET_APP_PASSWORD: 'password',
    },
    found: ['credential', /app passwords were removed/, /API token/],
  },
  {
    fault: 'a token that is refused',
    scripts: [refuse('', 401)],
    found: ['credential', /401/, /create one with the scopes/],
  },
  {
    fault: 'a workspace that is not there',
    config: configuration({ workspace: 'nobody' }),
    found: ['workspace', /404/, /names/],
  },
  {
    fault: 'no scope to read workspaces',
    scripts: [refuse('workspaces/acme', 403)],
    found: ['workspace', /read:workspace:bitbucket/, /grant it/],
  },
  { fault: 'a repository that is not there', config: group('repository: gone'), found: ['repository', /404/, /names/] },
  {
    fault: 'no scope to read repositories',
    config: group('repository: app'),
    scripts: [refuse('/2.0/repositories/acme/app', 403)],
    found: ['repository', /read:repository:bitbucket/, /grant it/],
  },
  {
    fault: 'no scope to read runners',
    scripts: [refuse('runners?', 403)],
    found: ['runners', /read:runner:bitbucket/, /grant it/],
  },
  {
    fault: 'a proxy that answers for Bitbucket',
    scripts: [{ path: 'runners?', reply: { status: 200, body: '<html>' } }],
    found: ['runners', /not a list/, /proxy/],
  },
  {
    fault: 'no scope to change runners',
    scripts: [refuse('runners/', 403, 'DELETE')],
    found: ['writing', /write:runner:bitbucket/, /grant it/],
  },
  {
    fault: 'an account that is only a member',
    bitbucket: { permission: 'member' },
    found: ['administrator', /only a member/, /administrator of acme/],
  },
  {
    fault: 'no scope to read pipelines',
    config: queueAware('repositories: [app]'),
    scripts: [refuse('/app/pipelines', 403)],
    found: ['pipelines', /read:pipeline:bitbucket/, /grant it/],
  },
  {
    fault: 'a queue in a repository that is not there',
    config: queueAware('repositories: [gone]'),
    found: ['pipelines', /404/, /names/],
  },
  {
    fault: 'a query that finds no repository',
    config: queueAware(`repositoryQuery: 'name ~ "zzz"'`),
    found: ['pipelines', /no repository/, /repositoryQuery/],
  },
  {
    fault: 'fewer calls an hour than looking takes',
    config: `workspaces: { acme: { callsPerHour: 60 } }\n${group('')}`,
    found: ['calls', /60 of 60, so that groups are looked at about every/, /credentials of their own/],
  },
  {
    fault: 'fewer calls an hour than Bitbucket allows',
    scripts: [{ path: '/2.0/user', reply: { status: 200, headers: { 'x-ratelimit-limit': '40' }, body: {} } }],
    found: ['calls', /60 of 40, as Bitbucket says/, /less often/],
  },
  {
    fault: 'a kubeconfig that is not there',
    variables: { KUBECONFIG: '/nowhere/config' },
    found: ['cluster', /nowhere/, /check the path/],
  },
  {
    fault: 'a cluster that is too old',
    kubernetes: { cluster: { version: '1.28' } },
    found: ['cluster', /v1\.28\.0 has no native sidecars/, /1\.29/],
  },
  {
    fault: 'a token that the cluster refuses',
    kubernetes: { accepts: () => false },
    found: ['cluster', /401/, /log in again/],
  },
  {
    fault: 'a cluster without a node',
    kubernetes: { cluster: { lists: { '/api/v1/nodes': [] } } },
    found: ['nodes', /there is no node/, /node autoscaler/],
  },
];

const waking = (from = 'acme/app') => queueAware(`repositories: [app], wake: { from: [${from}], max: 2 }`);

describe('the door for pipelines', () => {
  const WEBHOOK_SECRET = 'a-secret-of-a-webhook';
  const rows: readonly (readonly [string, string | undefined, ScriptedAnswer, Finding])[] = [
    ['that is ill', undefined, { status: 503 }, ['door', /^it answers 503$/, /log of the function wake/]],
    ['that was removed', undefined, { status: 403 }, ['door', /^something else answers there \(403\)$/, /WakeUrl/]],
    ['that takes anything', undefined, { status: 200 }, ['door', /^something else answers there \(200\)$/, /WakeUrl/]],
    ['that breaks off', undefined, 'reset', ['door', /^it does not answer \(ECONNRESET\)$/, /wake=true/]],
    ['whose address is none', 'my door', { status: 405 }, ['door', /^WAKE_URL is not an address$/, /WakeUrl/]],
  ];

  it.each(rows)('%s', async (_name, address, answer, found) => {
    await using world = await startDoorsWorld(waking());
    const door = await scriptedService(() => answer);
    await expectFault({ ...world.environment, WAKE_URL: address ?? door.url, WEBHOOK_SECRET }, found);
    await door.close();
  });

  it('whose secret could be guessed', async () => {
    await using world = await startDoorsWorld(waking());
    await expectFault({ ...world.environment, WEBHOOK_SECRET: 'short' }, ['webhook', /less than 16 char/, /openssl/]);
  });

  it('whose secret is not there', async () => {
    await using world = await startDoorsWorld(waking());
    const secrets = await scriptedService(() => jsonError(400, 'ResourceNotFoundException'));
    for (const [name, value] of Object.entries(awsEnvironment(secrets.url))) vi.stubEnv(name, value);
    const environment = { ...world.environment, WEBHOOK_SECRET_ID: 'prod/webhook' };
    await expectFault(environment, ['webhook', /prod\/webhook/, /create it, or correct WEBHOOK_SECRET_ID/]);
    vi.unstubAllEnvs();
    await secrets.close();
  });

  it('that a repository is to use which is not there', async () => {
    await using world = await startDoorsWorld(waking('acme/app, acme/gone'));
    await expectFault(world.environment, ['waking', /404/, /names/]);
  });

  it('that is well is rung once, without a token, and no fault', async () => {
    await using world = await startDoorsWorld(waking());
    const door = await scriptedService(() => ({ status: 405 }));
    const { checks } = await expectHealth({ ...world.environment, WAKE_URL: door.url, WEBHOOK_SECRET });
    const told = checks.filter(({ id }) => ['waking', 'door', 'webhook'].includes(id));
    expect(told.map(({ id, subject, outcome }) => [id, subject, outcome])).toEqual([
      ['waking', 'acme/app', 'ok'],
      ['door', new URL(door.url).host, 'ok'],
      ['webhook', undefined, 'ok'],
    ]);
    expect(door.seen).toEqual([expect.objectContaining({ method: 'GET', body: '' })]);
    expect(door.seen[0]?.headers).not.toHaveProperty('authorization');
    await door.close();
  });

  it('is not looked at where nothing names it, and not spoken of where no group can be woken', async () => {
    await using world = await startDoorsWorld(waking());
    const { checks } = await expectHealth(world.environment);
    expect(checks.filter(({ id }) => ['door', 'webhook'].includes(id)).map(({ outcome }) => outcome)).toEqual([
      'skipped',
      'skipped',
    ]);
    await world.write('runners_config.yaml', configuration());
    const { checks: others } = await expectHealth(world.environment);
    expect(others.filter(({ id }) => ['waking', 'door', 'webhook'].includes(id))).toEqual([]);
  });
});

describe('a planted fault is found, and nothing else', () => {
  it.each(ROWS)('$fault', async ({ config, variables = {}, scripts = [], found, ...over }) => {
    await using world = await startDoorsWorld(config, over);
    for (const script of scripts) world.bitbucket.script(script);
    await expectFault({ ...world.environment, ...variables }, found);
  });

  it('a certificate that is not trusted', async () => {
    await using world = await startDoorsWorld();
    const server = await listen(createServer(makeCertificate(), (_request, response) => response.end('{}')));
    const environment = { ...world.environment, BITBUCKET_BASE_URL: server.url.replace('http:', 'https:') };
    await expectFault(environment, ['bitbucket', /not trusted/, /NODE_EXTRA_CA_CERTS/]);
    await server.close();
  });

  it('a registration that a probe left behind', async () => {
    await using world = await startDoorsWorld();
    world.bitbucket.addRunners({ workspace: 'acme' }, 1, { name: 'autoscaler-probe-1' });
    await expectFault(world.environment, ['scratch', /1 left by a probe/, /doctor --probe/]);
  });

  it('a state database that is none', async () => {
    await using world = await startDoorsWorld();
    await world.write('state.sqlite', 'this is a text, and no database at all');
    await expectFault(world.environment, ['state', /not a SQLite database/, /run doctor again/]);
  });

  it('a Node that is too old', () => {
    expect(checkNode('20.19.0', '1.0.0')).toMatchObject({ outcome: 'failed', next: 'install Node 24 or newer' });
    expect(checkNode('24.0.0', '1.0.0').outcome).toBe('ok');
  });
});

describe('a secret in Secrets Manager', () => {
  const secret = (value: unknown) =>
    json(200, { SecretString: typeof value === 'string' ? value : JSON.stringify(value) });
  const token = { kind: 'apiToken', email: 'ci@acme.example', token: 'ATATT-1' };
  const inDays = (days: number) => new Date(Date.parse('2026-11-28') + days * 86_400_000).toISOString();
  const rows: readonly (readonly [string, ScriptedAnswer, Finding])[] = [
    [
      'that ends soon',
      secret({ ...token, expiresAt: '2001-01-01' }),
      ['credential', /it ended on 2001-01-01/, /create a new one/],
    ],
    ['whose end is no date', secret({ ...token, expiresAt: 'soon' }), ['credential', /not a date/, /2027-03-31/]],
    ['that is not JSON', secret('ATATT-1'), ['credential', /not a JSON object/, /./]],
    ['that does not exist', jsonError(400, 'ResourceNotFoundException'), ['credential', /ci\/bitbucket/, /create it/]],
  ];

  it.each(rows)('%s', async (_name, answer, found) => {
    await using world = await startDoorsWorld();
    const secrets = await scriptedService(() => answer);
    for (const [name, value] of Object.entries(awsEnvironment(secrets.url))) vi.stubEnv(name, value);
    await expectFault({ ...world.environment, BITBUCKET_SECRET_ID: 'ci/bitbucket' }, found);
    vi.unstubAllEnvs();
    await secrets.close();
  });

  it('that lasts is no fault', async () => {
    await using world = await startDoorsWorld();
    const secrets = await scriptedService(() => secret({ ...token, expiresAt: inDays(30_000) }));
    for (const [name, value] of Object.entries(awsEnvironment(secrets.url))) vi.stubEnv(name, value);
    const { checks } = await expectHealth({ ...world.environment, BITBUCKET_SECRET_ID: 'ci/bitbucket' });
    expect(checks.find(({ id }) => id === 'credential')?.detail).toMatch(
      /^API token of ci@acme\.example, \d+ days left/,
    );
    vi.unstubAllEnvs();
    await secrets.close();
  });
});

describe('ticks', () => {
  const record = (at: number, problems: readonly string[]): TickRecord => ({
    id: `tick-${at}`,
    at,
    report: {
      version: 1,
      tick: {
        id: `tick-${at}`,
        at: new Date(at).toISOString(),
        mode: 'apply',
        durationMs: 1,
        calls: { bitbucket: 0, kubernetes: 0, aws: 0 },
      },
      groups: [],
      problems,
      notes: [],
    },
    observation: { at, groups: [], workspaces: [], scopeMemory: [], notes: [] },
  });
  const MINUTE = 60_000;
  const silent = reason('start-trouble', { kind: 'silent', runners: 2, message: '', selector: '' });
  const withGroup = (at: number, troubles: readonly Reason[]) => {
    const tick = record(at, []);
    return { ...tick, report: { ...tick.report, groups: [groupReport({ troubles })] } };
  };
  const rows: readonly (readonly [string, (now: number) => readonly TickRecord[], Finding | undefined])[] = [
    ['none for a day', () => [], ['ticks', /none in the past day/, /schedule/]],
    ['silence for an hour', (now) => [record(now - 60 * MINUTE, [])], ['ticks', /the last one was 1h/, /schedule/]],
    [
      'nothing but failures',
      (now) => [record(now - 2 * MINUTE, ['no way']), record(now - MINUTE, ['no way'])],
      ['ticks', /failed.*no way/, /explain/],
    ],
    [
      'nodes that do not reach Bitbucket',
      (now) => [withGroup(now - MINUTE, [silent])],
      ['starts', /its pod runs, but the runner has not connected/, /nodes' way to api\.bitbucket\.org/],
    ],
    ['nodes that reach it', (now) => [withGroup(now - MINUTE, [])], undefined],
    [
      'one failure after a success',
      (now) => [record(now - 2 * MINUTE, []), record(now - MINUTE, ['no way'])],
      undefined,
    ],
  ];

  it.each(rows)('%s', async (_name, ticks, found) => {
    await using world = await startDoorsWorld();
    const dynamoDb = await startDynamoDb((name, value) => vi.stubEnv(name, value));
    await dynamoDb.createTable('ticks');
    const store = createDynamoDbStateStore('ticks');
    for (const tick of ticks(Date.now())) await store.appendTick(tick);
    const environment = { ...world.environment, STATE_STORE: 'dynamodb:ticks', AWS_ENDPOINT_URL: dynamoDb.url };
    await (found === undefined ? expectHealth(environment) : expectFault(environment, found));
    vi.unstubAllEnvs();
    await dynamoDb.close();
  });
});

describe('where nothing is wrong', () => {
  it.each<[string, string | undefined, WorldOver]>([
    ['with the rights of the autoscaler alone', undefined, {}],
    ['with a group that follows a queue', queueAware('repositoryQuery: \'name ~ "app"\''), {}],
    ['with a group of a repository', group('repository: app'), {}],
    ['on the public API', `workspaces: { acme: { api: public } }\n${group('')}`, {}],
  ])('%s: nothing is found', async (_name, config, over) => {
    await using world = await startDoorsWorld(config, over);
    await expectHealth(world.environment);
  });

  it('looks only at the groups that are asked for', async () => {
    await using world = await startDoorsWorld(
      `${group('')}  - { name: other, workspace: nobody, labels: [x], namespace: runners, strategy: idleBuffer, parameters: { min: 1, max: 4, idleCount: 1, scaleFactor: 1 } }\n`,
    );
    expect((await visit(world.environment)).code).toBe(1);
    expect((await visit(world.environment, ['--group', 'linux-large'])).code).toBe(0);
  });

  it('changes nothing, by the trace of its calls', async () => {
    await using world = await startDoorsWorld(queueAware('repositories: [app]'));
    world.bitbucket.addRunners({ workspace: 'acme' }, 2);
    await expectHealth(world.environment);
    const nobody = 'runners/{00000000-0000-0000-0000-000000000000}';
    expect(world.bitbucket.requests.filter(({ method, path }) => method !== 'GET' && !path.endsWith(nobody))).toEqual(
      [],
    );
    expect(world.bitbucket.runners({ workspace: 'acme' })).toHaveLength(2);
    const writes = world.kubernetes.requests.filter(
      ({ method, path, query }) => method !== 'GET' && !/subject\w*reviews$/.test(path) && query.dryRun !== 'All',
    );
    expect(writes).toEqual([]);
    expect(world.kubernetes.names('runners', 'jobs')).toEqual([]);
  });

  it('leaves no file behind', async () => {
    await using world = await startDoorsWorld();
    const before = await readdir(world.directory);
    await expectHealth(world.environment);
    expect(await readdir(world.directory)).toEqual(before);
  });

  it('says nothing that is secret', async () => {
    await using world = await startDoorsWorld();
    const { diagnosis } = await visit(world.environment);
    for (const secret of world.secrets()) expect(JSON.stringify(diagnosis)).not.toContain(secret);
  });
});

describe('alarms of a deployment', () => {
  const alarm = (over: object = {}) => ({
    AlarmName: 'prod-no-successful-tick',
    StateValue: 'OK',
    ActionsEnabled: true,
    AlarmActions: ['arn:aws:sns:eu-west-1:1:topic'],
    ...over,
  });
  const rows: readonly (readonly [string, ScriptedAnswer, string, RegExp])[] = [
    ['with a topic', json(200, { MetricAlarms: [alarm()] }), 'ok', /1 alarm with a topic/],
    ['without a topic', json(200, { MetricAlarms: [alarm({ AlarmActions: [] })] }), 'failed', /1 of 1 tell nobody/],
    ['that are silenced', json(200, { MetricAlarms: [alarm({ ActionsEnabled: false })] }), 'failed', /tell nobody/],
    ['that ring', json(200, { MetricAlarms: [alarm({ StateValue: 'ALARM' })] }), 'failed', /tick rings/],
    ['that are not there', json(200, { MetricAlarms: [] }), 'skipped', /none is called prod-…/],
    ['at which nobody may look', jsonError(400, 'AccessDeniedException'), 'skipped', /not allowed to look/],
    ['of which CloudWatch says nothing', { status: 500, body: 'oops' }, 'skipped', /it answers 500/],
  ];

  it.each(rows)('%s', async (_name, answer, outcome, detail) => {
    await using world = await startDoorsWorld();
    const aws = await scriptedService(({ headers }) =>
      headers['x-amz-target'] === 'GraniteServiceVersion20100801.DescribeAlarms' ? answer : json(200, {}),
    );
    for (const [name, value] of Object.entries(awsEnvironment(aws.url))) vi.stubEnv(name, value);
    const { diagnosis } = await visit({
      ...world.environment,
      STATE_STORE: 'dynamodb:prod',
      AWS_ENDPOINT_URL: aws.url,
    });
    const found = diagnosis.checks.find(({ id }) => id === 'alarms');
    expect(found).toMatchObject({ outcome, detail: expect.stringMatching(detail) });
    const [asked] = aws.seen.filter(({ headers }) => headers['x-amz-target']?.includes('DescribeAlarms'));
    expect(JSON.parse(asked?.body ?? '')).toMatchObject({ AlarmNamePrefix: 'prod-' });
    expect(asked?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 .*\/eu-west-1\/monitoring\/aws4_request/);
    vi.unstubAllEnvs();
    await aws.close();
  });
});

describe('Secrets at rest', () => {
  it.each([
    ['1.33.5-eks-113cf36', 'ok', /^EKS encrypts them .* shows whether with a key of yours/],
    ['1.33', 'skipped', /^the Kubernetes API does not show/],
  ])('in Kubernetes %s, reached by a kubeconfig', async (version, outcome, detail) => {
    await using world = await startDoorsWorld(configuration(), { kubernetes: { cluster: { version } } });
    const { diagnosis } = await visit(world.environment);
    expect(diagnosis.checks.filter(({ id }) => id === 'encryption')).toEqual([
      expect.objectContaining({ title: 'Secrets at rest', outcome, detail: expect.stringMatching(detail) }),
    ]);
  });

  const keyArn = 'arn:aws:kms:eu-west-1:123456789012:key/1';
  const encryption = (resources: readonly string[]) => [{ resources, provider: { keyArn } }];

  it.each([
    ['a key of the customer', encryption(['secrets']), /stored, with arn:aws:kms:eu-west-1:123456789012:key\/1$/],
    ['a key of something else', encryption([]), /stored, with a key that AWS owns; with one of yours/],
    ['no key', undefined, /stored, with a key that AWS owns; with one of yours/],
  ])('in EKS with %s', async (_name, encryptionConfig, detail) => {
    await using world = await startDoorsWorld();
    const cluster = await startLoopbackEks(world.kubernetes, { encryptionConfig });
    const eks = await scriptedService(() => cluster.described);
    for (const [name, value] of Object.entries(awsEnvironment(eks.url))) vi.stubEnv(name, value);
    const { diagnosis } = await visit({ ...world.environment, EKS_CLUSTER_NAME: 'ci' });
    expect(diagnosis.checks.find(({ id }) => id === 'encryption')).toMatchObject({
      outcome: 'ok',
      detail: expect.stringMatching(detail),
    });
    expect(eks.seen.map(({ path }) => path)).toEqual(['/clusters/ci']);
    vi.unstubAllEnvs();
    await Promise.all([eks.close(), cluster.close()]);
  });
});

describe('images that move are told, and are no fault', () => {
  const own = (settings: string) =>
    group(`images: { docker: "docker:28.5.1-dind", runner: "runner:3.2.0" }, env: { ${settings} }`);
  const pinned = 'PAUSE_IMAGE: "pause:3.9.0", AUTH_PROXY_IMAGE: "proxy@sha256:0"';

  it.each<[name: string, config: string, detail: string]>([
    [
      'those that runners pull themselves',
      own(''),
      'all name an exact version; runners of linux-large pull more by tags that move, as their env does not set PAUSE_IMAGE, AUTH_PROXY_IMAGE, CLONE_IMAGE',
    ],
    [
      'one of them',
      own(pinned),
      'all name an exact version; runners of linux-large pull more by tags that move, as their env does not set CLONE_IMAGE',
    ],
    ['one that a variable names', own(`${pinned}, CLONE_IMAGE: "clone:5"`), 'these tags move: clone:5'],
    ['none', own(`${pinned}, CLONE_IMAGE: "clone:5.0.1"`), 'all name an exact version'],
  ])('%s', async (_name, config, detail) => {
    await using world = await startDoorsWorld(config);
    const { checks } = await expectHealth(world.environment);
    expect(checks.find(({ id }) => id === 'images')?.detail).toBe(detail);
  });

  it('but a variable may not name the newest', async () => {
    await using world = await startDoorsWorld(own(`${pinned}, CLONE_IMAGE: "clone:latest"`));
    await expectFault(world.environment, ['images', /every release/, /digest/]);
  });
});

const resizing = group('whenIdle: { requests: { cpu: 50m } }');
const nodes = (...versions: readonly string[]) => ({
  '/api/v1/nodes': versions.map((kubeletVersion) => ({
    metadata: { labels: { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux' } },
    status: { allocatable: { cpu: '8', memory: '32Gi' }, nodeInfo: { kubeletVersion } },
  })),
});

it.each([
  ['1.32', nodes('v1.32.1'), 'failed', /^the cluster is too old to resize pods in place/],
  ['1.33', nodes('v1.33.0', 'v1.34.1-eks-1'), 'ok', /^the API server and the nodes can/],
  ['1.33', nodes('v1.33.0', 'v1.32.9', 'unknown'), 'failed', /^1 of 3 nodes are too old/],
  ['1.33', {}, 'skipped', /^the API server can; the nodes may not be looked at/],
])(
  'of pods that are to be resized in Kubernetes %s says whether they can be: %#',
  async (version, lists, outcome, detail) => {
    await using world = await startDoorsWorld(resizing, { kubernetes: { cluster: { version, lists } } });
    const { diagnosis } = await visit(world.environment);
    const [found, right] = diagnosis.checks.filter(({ id }) => id === 'pods-resize');
    expect(found).toMatchObject({ title: 'Pods resized in place', outcome, detail: expect.stringMatching(detail) });
    expect(right).toMatchObject({ outcome: 'ok' });
  },
);

it('asks nothing of resizing where no group wants it', async () => {
  await using world = await startDoorsWorld(configuration(), {});
  const { diagnosis } = await visit(world.environment);
  expect(diagnosis.checks.filter(({ id }) => id === 'pods-resize')).toEqual([]);
});
