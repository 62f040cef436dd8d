import { describe, expect, it } from 'vitest';
import type { BitbucketClient } from '#adapters/bitbucket/client.ts';
import { createBitbucketRunnerApi } from '#adapters/bitbucket/runners.ts';
import { ServiceError } from '#core/errors.ts';
import { Secret } from '#core/secret.ts';
import { ACME, APP, setUp } from './setup.ts';

const LIST = '/internal/workspaces/acme/pipelines-config/runners';
const runner = (uuid: string) => ({ uuid });
const TOKEN = { kind: 'accessToken', token: new Secret('a-token') } as const;
const page = (body: object) => ({ reply: { status: 200, body } });

describe('a list of several pages', () => {
  it('is one call per 100 runners', async () => {
    const { api, bitbucket } = await setUp();
    bitbucket.addRunners(ACME, 250);
    expect(await api.list(ACME)).toHaveLength(250);
    expect(bitbucket.trace()).toEqual([
      `GET ${LIST}?pagelen=100 200`,
      `GET ${LIST}?pagelen=100&page=2 200`,
      `GET ${LIST}?pagelen=100&page=3 200`,
    ]);
  });

  it.each(['https://internal.bitbucket.invalid', 'http://127.0.0.1:1'])(
    'stays with our own host when `next` names %s',
    async (nextOrigin) => {
      const { api, bitbucket } = await setUp({ server: { nextOrigin } });
      bitbucket.addRunners(ACME, 150);
      expect(await api.list(ACME)).toHaveLength(150);
      expect(bitbucket.trace()).toHaveLength(2);
    },
  );

  it.each([`${LIST}?page=2`, `?page=2`, `//elsewhere.invalid${LIST}?page=2`])('follows the link %s', async (next) => {
    const { api, bitbucket } = await setUp();
    bitbucket.script(page({ values: [runner('a')], next }));
    bitbucket.script(page({ values: [runner('b')] }));
    expect(await api.list(ACME)).toHaveLength(2);
    expect(bitbucket.requests).toHaveLength(2);
  });

  it('keeps the path prefix of the base URL', async () => {
    const { bitbucket } = await setUp();
    const { api } = await setUp({ baseUrl: `${bitbucket.url}/proxy/` });
    for (const prefix of ['/proxy', '']) {
      bitbucket.script(page({ values: [runner('a')], next: `https://api.bitbucket.org${prefix}${LIST}?page=2` }));
      bitbucket.script(page({ values: [runner('b')] }));
      await api.list(ACME);
    }
    expect(bitbucket.trace()).toEqual([
      `GET /proxy${LIST}?pagelen=100 200`,
      `GET /proxy${LIST}?page=2 200`,
      `GET /proxy${LIST}?pagelen=100 200`,
      `GET /proxy${LIST}?page=2 200`,
    ]);
  });

  it('shows a runner once that is on two pages', async () => {
    const { api, bitbucket } = await setUp();
    bitbucket.script(page({ values: [runner('a'), runner('b')], next: `${LIST}?page=2` }));
    bitbucket.script(page({ values: [runner('{b}'), runner('{c}')] }));
    expect((await api.list(ACME)).map(({ uuid }) => uuid)).toEqual(['{a}', '{b}', '{c}']);
  });
});

describe('5,000 registrations, of which one goes and one comes every 3 s', () => {
  const PAGE_MS = 400;
  const COUNT = 5000;

  /** A client whose every call takes its time, meanwhile somebody works on the list. */
  function busyWorkspace() {
    let now = 0;
    let changes = 0;
    let calls = 0;
    const all = Array.from({ length: COUNT }, (_, index) => `{first-${index}}`);
    const passTime = () => {
      now += PAGE_MS;
      for (; changes < Math.floor(now / 3000); changes += 1) {
        all.splice((changes * 1009) % COUNT, 1);
        all.push(`{later-${changes}}`);
      }
    };
    const send: BitbucketClient['send'] = async ({ path }) => {
      passTime();
      calls += 1;
      const answer = { kind: 'answer', status: 200, headers: {} } as const;
      const [, named] = /runners\/(.+)$/.exec(path) ?? [];
      if (named !== undefined) {
        const uuid = decodeURIComponent(named);
        const details = { service: 'bitbucket', outcome: 'refused', status: 404 } as const;
        if (!all.includes(uuid)) throw new ServiceError('404', details);
        return { ...answer, text: JSON.stringify(runner(uuid)) };
      }
      const number = Number(/page=(\d+)$/.exec(path)?.[1] ?? 1);
      const values = all.slice((number - 1) * 100, number * 100).map(runner);
      const next = number * 100 < COUNT ? { next: `${LIST}?page=${number + 1}` } : {};
      return { ...answer, text: JSON.stringify({ size: COUNT, values, ...next }) };
    };
    return { client: { send, pathOf: (link: string) => link }, all, calls: () => calls };
  }

  it('no look of 12 fails, and each has everybody who was there before it and after it', async () => {
    const { client, all, calls } = busyWorkspace();
    const api = createBitbucketRunnerApi({ baseUrl: 'http://127.0.0.1:1', credential: TOKEN, api: 'internal' }, client);
    for (let look = 0; look < 12; look += 1) {
      const before = [...all];
      const list = new Set(
        (await api.list(ACME, async () => ({ staying: before, leaving: [] }))).map(({ uuid }) => uuid),
      );
      const after = new Set(all);
      expect(before.filter((uuid) => after.has(uuid) && !list.has(uuid))).toEqual([]);
    }
    // Two readings of 50 pages, and some that are asked for by name.
    expect(calls() / 12).toBeLessThan(150);
  });
});

describe('pages that do not make one list', () => {
  const NEXT = `${LIST}?page=2`;

  type Reading = readonly { readonly size?: number; readonly values: readonly string[]; readonly next?: string }[];
  const MOVED_UP: Reading = [
    { size: 3, values: ['a', 'b'], next: NEXT },
    { size: 2, values: [] },
  ];

  async function read(
    readings: readonly Reading[],
    known: readonly string[] = [],
    there: readonly string[] = [],
    leaving: readonly string[] = [],
    unknown: readonly string[] = [],
  ) {
    const { api, bitbucket } = await setUp();
    for (const { values, ...rest } of readings.flat()) {
      bitbucket.script(page({ ...rest, values: values.map(runner) }));
    }
    for (const uuid of [...known, ...unknown]) {
      const reply = there.includes(uuid) ? { status: 200, body: runner(uuid) } : { status: 404 };
      bitbucket.script({ path: `{${uuid}}`, reply });
    }
    const braced = (which: (uuid: string) => boolean) => known.filter(which).map((uuid) => `{${uuid}}`);
    const list = api.list(ACME, async () => ({
      staying: braced((uuid) => !leaving.includes(uuid)),
      leaving: braced((uuid) => leaving.includes(uuid)),
      isLastChance: unknown.length > 0,
    }));
    return { list: await list.then((all) => all.map(({ uuid }) => uuid)), calls: bitbucket.requests.length };
  }

  it.each<{ readonly name: string; readonly readings: readonly Reading[]; readonly list: readonly string[] }>([
    {
      name: 'a runner moved up between the pages; the second reading holds',
      readings: [MOVED_UP, [{ size: 2, values: ['a', 'b'] }]],
      list: ['{a}', '{b}'],
    },
    {
      name: 'only the first page states a size',
      readings: [
        [{ size: 4, values: ['a', 'b'], next: NEXT }, { values: ['c'] }],
        [{ size: 3, values: ['a', 'b', 'c'] }],
      ],
      list: ['{a}', '{b}', '{c}'],
    },
    {
      name: 'they never hold still: what was read counts, as long as a change between pages explains it',
      readings: [MOVED_UP, MOVED_UP],
      list: ['{a}', '{b}'],
    },
  ])('are read again: $name', async ({ readings, list }) => {
    expect(await read(readings)).toEqual({ list, calls: readings.flat().length });
  });

  it.each<{ readonly name: string; readonly pages: Reading }>([
    { name: 'a runner is missing', pages: [{ size: 3, values: ['a', 'b'] }] },
    { name: 'a runner is there twice', pages: [{ size: 2, values: ['a', 'a'] }] },
    { name: 'there are more than stated', pages: [{ size: 1, values: ['a', 'b'] }] },
    {
      name: 'two are missing of two pages, with one boundary between them',
      pages: [
        { size: 4, values: ['a'], next: NEXT },
        { size: 4, values: ['b'] },
      ],
    },
  ])('are no list after two readings: $name', async ({ pages }) => {
    await expect(read([pages, pages])).rejects.toThrow(
      /^Listing the runners of acme failed: the list changed while being read/,
    );
  });

  const SLIPPED: Reading = [
    { size: 3, values: ['a', 'gone'], next: NEXT },
    { size: 3, values: ['new'] },
  ];
  const WHOLE: Reading = [
    { size: 3, values: ['a', 'b'], next: NEXT },
    { size: 3, values: ['new'] },
  ];

  it.each<{
    readonly name: string;
    readonly readings: readonly Reading[];
    readonly there?: readonly string[];
    readonly leaving?: readonly string[];
    readonly list: readonly string[];
    readonly asked: number;
  }>([
    { name: 'all known are there', readings: [WHOLE], list: ['{a}', '{b}', '{new}'], asked: 0 },
    {
      name: 'one slipped, the second reading shows it',
      readings: [SLIPPED, WHOLE],
      list: ['{a}', '{b}', '{new}'],
      asked: 0,
    },
    {
      name: 'one slipped twice and is there',
      readings: [SLIPPED, SLIPPED],
      there: ['b'],
      list: ['{a}', '{gone}', '{new}', '{b}'],
      asked: 1,
    },
    { name: 'one is gone', readings: [SLIPPED, SLIPPED], list: ['{a}', '{gone}', '{new}'], asked: 1 },
    {
      name: 'a list of one page cannot slip',
      readings: [[{ size: 1, values: ['a'] }]],
      there: ['b'],
      list: ['{a}', '{b}'],
      asked: 1,
    },
    {
      name: 'one that may have been removed is not wondered about',
      readings: [[{ size: 1, values: ['a'] }]],
      leaving: ['b'],
      list: ['{a}'],
      asked: 0,
    },
    {
      name: 'one that may have been removed is missing in one of several pages: no second reading, but a question',
      readings: [SLIPPED],
      there: ['b'],
      leaving: ['b'],
      list: ['{a}', '{gone}', '{new}', '{b}'],
      asked: 1,
    },
  ])('whoever is known and missing is looked for: $name', async ({ readings, there, leaving, list, asked }) => {
    expect(await read(readings, ['a', 'b'], there, leaving)).toEqual({ list, calls: readings.flat().length + asked });
  });

  const LATER: Reading = [
    { size: 2, values: ['a'], next: NEXT },
    { size: 2, values: ['b'] },
  ];

  it.each<{
    readonly name: string;
    readonly readings: readonly Reading[];
    readonly there?: readonly string[];
    readonly list: readonly string[];
    readonly asked: number;
  }>([
    { name: 'the second has it', readings: [LATER, WHOLE], list: ['{a}', '{b}', '{new}'], asked: 0 },
    {
      name: 'only the first has it, and it is there',
      readings: [WHOLE, LATER],
      there: ['new'],
      list: ['{a}', '{b}', '{new}'],
      asked: 1,
    },
    { name: 'only the first has it, and it is gone', readings: [WHOLE, LATER], list: ['{a}', '{b}'], asked: 1 },
    { name: 'one page cannot slip', readings: [[{ size: 2, values: ['a', 'b'] }]], list: ['{a}', '{b}'], asked: 0 },
  ])('the last chance of one that nobody knows has two readings: $name', async ({ readings, there, list, asked }) => {
    expect(await read(readings, ['a', 'b'], there, [], ['new'])).toEqual({
      list,
      calls: readings.flat().length + asked,
    });
  });

  it('that lead back to themselves', async () => {
    const { api, bitbucket } = await setUp();
    bitbucket.script(page({ values: [runner('a')], next: NEXT }));
    bitbucket.script(page({ values: [runner('b')], next: NEXT }));
    await expect(api.list(ACME)).rejects.toThrow(/the list does not end/);
    expect(bitbucket.requests).toHaveLength(2);
  });

  it('that never end', async () => {
    const { api, bitbucket } = await setUp();
    for (let number = 2; number < 600; number += 1) {
      bitbucket.script(page({ values: [], next: `${LIST}?page=${number}` }));
    }
    await expect(api.list(ACME)).rejects.toThrow(/after 500 pages/);
    expect(bitbucket.requests).toHaveLength(500);
  });

  it.each(['data:@elsewhere.invalid/x', 'javascript:alert(1)', 'http://['])('that lead to %s', async (next) => {
    const { api, bitbucket } = await setUp();
    bitbucket.script(page({ values: [], next }));
    await expect(api.list(ACME)).rejects.toThrow(/link to the next page is not an address/);
    expect(bitbucket.requests).toHaveLength(1);
  });

  it.each([
    { name: 'is refused', reply: { status: 403 }, calls: 2 },
    { name: 'fails and fails', reply: { status: 500 }, calls: 5 },
    { name: 'is no JSON', reply: { status: 200, body: '<html>' }, calls: 2 },
    { name: 'is no page', reply: { status: 200, body: '{"values": {}}' }, calls: 2 },
  ])('page 2 $name', async ({ reply, calls }) => {
    const { api, bitbucket } = await setUp();
    bitbucket.addRunners(APP, 150);
    bitbucket.script({ path: 'page=2', times: 10, reply });
    await expect(api.list(APP)).rejects.toThrow(/^Listing the runners of acme\/app failed/);
    expect(bitbucket.requests).toHaveLength(calls);
  });
});
