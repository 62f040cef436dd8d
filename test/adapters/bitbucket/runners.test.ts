import { describe, expect, it } from 'vitest';
import { parseTimestamp } from '#adapters/bitbucket/answers.ts';
import { createBitbucketRunnerApi } from '#adapters/bitbucket/runners.ts';
import { InputError } from '#core/errors.ts';
import { bracedUuid } from '#core/uuid.ts';
import { ACME, APP, CREDENTIALS, NOON, RUNNER, setUp } from './setup.ts';

describe('the requests of each method', () => {
  it.each([
    { api: 'internal', root: '/internal' },
    { api: 'public', root: '/2.0' },
  ] as const)('$api surface', async ({ api: surface, root }) => {
    const { api, bitbucket } = await setUp({ api: surface });
    const path = `${root}/repositories/acme/app/pipelines-config/runners`;
    const { runner } = await api.register(APP, RUNNER);
    const state = `/internal/repositories/acme/app/pipelines-config/runners/${runner.uuid}/state`;
    await api.list(APP);
    await api.get(APP, runner.uuid);
    await api.disable(APP, runner.uuid);
    await api.enable(APP, runner.uuid);
    await api.remove(APP, runner.uuid);
    expect(bitbucket.requests.map(({ method, path, body }) => `${method} ${path} ${body}`.trim())).toEqual([
      `POST ${path} {"name":"runner-1","labels":["linux","self.hosted"]}`,
      `GET ${path}?pagelen=100`,
      `GET ${path}/${runner.uuid}`,
      `PUT ${state} {"status":"DISABLED"}`,
      `PUT ${state} {"status":"ENABLED"}`,
      `DELETE ${path}/${runner.uuid}`,
    ]);
  });

  it('adds missing braces to a uuid', async () => {
    const { api, bitbucket } = await setUp();
    const [runner] = bitbucket.addRunners(ACME, 1);
    const bare = runner?.uuid.slice(1, -1) ?? '';
    expect(await api.get(ACME, bare)).toMatchObject({ uuid: runner?.uuid });
  });
});

describe('a runner document', () => {
  const full = {
    uuid: '{a}',
    name: 'one',
    labels: ['self.hosted', 'linux'],
    created_on: '2026-11-23T11:00:00.123456789Z',
    state: { status: 'ONLINE', updated_on: '2026-11-23T11:30:00Z' },
  };
  const read = {
    uuid: '{a}',
    name: 'one',
    labels: ['linux', 'self.hosted'],
    status: 'ONLINE',
    statusText: 'ONLINE',
    cordoned: false,
    hasStep: false,
    createdAt: Date.parse('2026-11-23T11:00:00.123Z'),
    stateChangedAt: Date.parse('2026-11-23T11:30:00Z'),
  };

  it.each([
    { name: 'as usual', document: full, expected: read },
    {
      name: 'with fields of the future',
      document: { ...full, mood: 'good', state: { ...full.state, x: [] } },
      expected: read,
    },
    {
      name: 'of an unknown status',
      document: { ...full, state: { status: 'NAPPING' } },
      expected: { status: 'UNKNOWN', statusText: 'NAPPING', stateChangedAt: read.createdAt },
    },
    {
      name: 'without a state',
      document: { ...full, state: null },
      expected: { status: 'UNKNOWN', statusText: 'missing', hasStep: false },
    },
    {
      name: 'with a step',
      document: { ...full, state: { ...full.state, step: { uuid: '{s}' } } },
      expected: { hasStep: true },
    },
    {
      name: 'with a step that says little',
      document: { ...full, state: { ...full.state, step: {} } },
      expected: { hasStep: true },
    },
    {
      name: 'with a step that is null',
      document: { ...full, state: { ...full.state, step: null } },
      expected: { hasStep: false },
    },
    {
      name: 'cordoned',
      document: { ...full, state: { ...full.state, cordoned: true } },
      expected: { cordoned: true, status: 'ONLINE' },
    },
    {
      name: 'with another form of version',
      document: { ...full, state: { ...full.state, version: '3.1.0' } },
      expected: read,
    },
    ...(
      [
        ['3.1.0', '3.1.0', false],
        ['3.1.0', '3.1.1', true],
        ['3.9.0', '3.10.0', true],
        ['3.10.0', '3.9.0', false],
        ['4.0.0', '3.9.9', false],
        ['3.1', '3.1.0', false],
        ['3.1', '3.1.2', true],
        ['3.1.2', '3.1', false],
        ['latest', '3.1.0', false],
        ['3.1.0', 'latest', false],
      ] as const
    ).map(([version, current, isBehind]) => ({
      name: `of version ${version} where ${current} is current`,
      document: { ...full, state: { ...full.state, version: { version, current } } },
      expected: isBehind ? { behind: { version, current } } : read,
    })),
    {
      name: 'of which only the uuid is known',
      document: { uuid: 'a' },
      expected: { uuid: '{a}', name: '', labels: [], createdAt: NOON, stateChangedAt: NOON },
    },
    {
      name: 'of unreadable age',
      document: { ...full, created_on: 'yesterday', state: {} },
      expected: { createdAt: NOON, stateChangedAt: NOON },
    },
    {
      name: 'that dates the whole, not the state',
      document: { ...full, updated_on: '2026-11-23T11:40:00Z', state: {} },
      expected: { stateChangedAt: Date.parse('2026-11-23T11:40:00Z') },
    },
  ])('$name', async ({ document, expected }) => {
    const { api, bitbucket } = await setUp();
    bitbucket.script({ reply: { status: 200, body: { values: [document] } } });
    expect(await api.list(ACME)).toMatchObject([expected]);
  });

  it.each([
    { name: 'no JSON', body: '<html>Sign in</html>', says: 'is not JSON' },
    { name: 'half of it', body: '{"values": [', says: 'is not JSON' },
    { name: 'nothing', body: '', says: 'is empty' },
    { name: 'null', body: 'null', says: 'unexpected form at the document' },
    { name: 'a list', body: '[]', says: 'unexpected form at the document' },
    { name: 'no values', body: '{}', says: 'unexpected form at values' },
    { name: 'a runner without uuid', body: '{"values": [{"name": "x"}]}', says: 'unexpected form at values.0.uuid' },
    { name: 'a uuid that is none', body: '{"values": [{"uuid": "a/b"}]}', says: 'unexpected form at values.0.uuid' },
    {
      name: 'labels that are none',
      body: '{"values": [{"uuid": "a", "labels": "linux"}]}',
      says: 'unexpected form at values.0.labels',
    },
  ])('malformed: $name', async ({ body, says }) => {
    const { api, bitbucket } = await setUp();
    bitbucket.script({ reply: { status: 200, body } });
    await expect(api.list(ACME)).rejects.toThrow(`Listing the runners of acme failed: Bitbucket's answer`);
    bitbucket.script({ reply: { status: 200, body } });
    await expect(api.list(ACME)).rejects.toThrow(says);
  });

  it.each([
    ['2026-11-23T12:00:00Z', NOON],
    ['2026-11-23T12:00:00.5Z', NOON + 500],
    ['2026-11-23T12:00:00.999999999Z', NOON + 999],
    ['2026-11-23T13:00:00.000001+01:00', NOON],
    ['2026-11-23T13:00:00+0100', NOON],
    ['2026-11-23T12:00:00', NOON],
    ['2026-13-23T12:00:00Z', undefined],
    ['soon', undefined],
    [null, undefined],
  ])('time %j is %j', (text, instant) => {
    expect(parseTimestamp(text)).toBe(instant);
  });

  it.each(['a', '{a}', '{a', 'a}'])('uuid %s gets its braces', (uuid) => expect(bracedUuid(uuid)).toBe('{a}'));
});

describe('a registration without its secret', () => {
  it.each([{}, { oauth_client: null }, { oauth_client: { id: 'x' } }, { oauth_client: { id: 'x', secret: '' } }])(
    'is an error after which a registration may exist: %j',
    async (extra) => {
      const { api, bitbucket } = await setUp();
      bitbucket.script({ reply: { status: 201, body: { uuid: '{a}', ...extra } } });
      await expect(api.register(ACME, RUNNER)).rejects.toMatchObject({
        message: expect.stringContaining('unexpected form at oauth_client'),
        outcome: 'unknown',
        status: 201,
      });
    },
  );
});

describe('out of service and back on the public surface', () => {
  it('goes through the internal one, so that name and labels stay', async () => {
    const { api, bitbucket } = await setUp({ api: 'public' });
    const [runner] = bitbucket.addRunners(ACME, 1, { status: 'ONLINE', name: 'mine', labels: ['linux'] });
    const uuid = runner?.uuid ?? '';
    await api.disable(ACME, uuid);
    await api.enable(ACME, uuid);
    const state = `PUT /internal/workspaces/acme/pipelines-config/runners/${uuid}/state 200`;
    expect(bitbucket.trace()).toEqual([state, state]);
    expect(bitbucket.requests.map(({ body }) => body)).toEqual(['{"status":"DISABLED"}', '{"status":"ENABLED"}']);
    expect(runner).toMatchObject({ name: 'mine', labels: ['linux'], status: 'ENABLED' });
  });

  it('passes on what has other reasons', async () => {
    const { api, bitbucket } = await setUp({ api: 'public' });
    bitbucket.script({ reply: { status: 403 } });
    await expect(api.disable(ACME, 'a')).rejects.toThrow(/write:runner:bitbucket/);
  });
});

describe('identify', () => {
  it('asks once for each name, and remembers', async () => {
    const { api, bitbucket } = await setUp({ server: { workspaces: { acme: ['app', 'web'] } } });
    const [first] = await Promise.all([api.identify(APP), api.identify(APP), api.identify(ACME)]);
    await api.identify({ workspace: 'acme', repository: 'web' });
    expect(first).toEqual({ workspaceUuid: bitbucket.uuidOf('acme'), repositoryUuid: bitbucket.uuidOf('acme/app') });
    expect(bitbucket.trace().toSorted()).toEqual([
      'GET /2.0/repositories/acme/app 200',
      'GET /2.0/repositories/acme/web 200',
      'GET /2.0/workspaces/acme 200',
    ]);
  });

  it('asks again after half a day: another repository may have the name by then', async () => {
    const { api, bitbucket, clock } = await setUp();
    await api.identify(ACME);
    clock.now += 12 * 3_600_000 - 1;
    await api.identify(ACME);
    expect(bitbucket.trace()).toHaveLength(1);
    clock.now += 1;
    await api.identify(ACME);
    expect(bitbucket.trace()).toHaveLength(2);
  });

  it('does not ask for what is a uuid already', async () => {
    const { api, bitbucket } = await setUp();
    const workspaceUuid = bitbucket.uuidOf('acme');
    const identity = await api.identify({ workspace: workspaceUuid, repository: 'app' });
    expect(identity).toEqual({ workspaceUuid, repositoryUuid: bitbucket.uuidOf('acme/app') });
    expect(bitbucket.trace()).toEqual([`GET /2.0/repositories/${workspaceUuid}/app 200`]);
  });

  it('does not remember a failure', async () => {
    const { api, bitbucket } = await setUp();
    bitbucket.script({ reply: { status: 403 } });
    await expect(api.identify(ACME)).rejects.toThrow(/read:workspace:bitbucket/);
    expect(await api.identify(ACME)).toEqual({ workspaceUuid: bitbucket.uuidOf('acme') });
  });

  it('says what cannot be found', async () => {
    const { api } = await setUp();
    await expect(api.identify({ workspace: 'acme', repository: 'nope' })).rejects.toThrow(
      /^Looking up the uuid of acme\/nope failed: Bitbucket answered 404: the workspace or repository does not exist/,
    );
  });
});

describe('an address that is none', () => {
  it.each(['', 'api.bitbucket.org', 'ftp://api.bitbucket.org', 'https://user:word@api.bitbucket.org'])(
    '%j',
    (baseUrl) => {
      const create = () => createBitbucketRunnerApi({ baseUrl, credential: CREDENTIALS.apiToken, api: 'internal' });
      expect(create).toThrow(InputError);
      expect(create).toThrow(/^BITBUCKET_BASE_URL is not an http\(s\) address/);
      expect(create).not.toThrow(/word/);
    },
  );
});
