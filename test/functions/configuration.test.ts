/** The configuration of tick after tick, in processes that come and go over one state store. */
import { describe, expect, it, vi } from 'vitest';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import { InputError, ServiceError } from '#core/errors.ts';
import type { Mode } from '#core/model/report.ts';
import type { StateStore } from '#core/ports.ts';
import { NOON } from '#kit/fleet.ts';
import { createConfigurationLoader } from '../../functions/configuration.ts';
import { withGroup } from '../config/samples.ts';

const SOURCE = 's3://ci/runners.yaml';
const KEY = `config/${SOURCE}`;
const DAY = 86_400_000;
const GOOD = withGroup({ name: 'builds' });
const BETTER = withGroup({ name: 'better' });
const BROKEN = withGroup({ name: 'broken', lables: ['x'], sise: '2x' });
const TEMPLATED = withGroup({ jobTemplate: 'large' }, { jobTemplates: { large: { path: 'large.yaml' } } });
const TEMPLATE = 's3://ci/large.yaml';
const OUTAGE = new ServiceError('AWS failed at s3:GetObject', { service: 'aws', outcome: 'unknown' });

type Texts = Record<string, string | Error>;

/** Texts that may be changed, a store whose writes are counted, and processes over both. */
function world(texts: Texts, over: Partial<StateStore> = {}) {
  const store = createMemoryStateStore();
  const saves = vi.fn(over.save ?? store.save);
  const state: StateStore = { ...store, ...over, save: saves };
  const readText = async (source: string) => {
    const text = texts[source];
    if (typeof text === 'string') return text;
    throw text ?? new InputError(`S3 object ${source} does not exist`);
  };
  const start = () => {
    const load = createConfigurationLoader({ source: SOURCE, loading: { readText }, openState: async () => state });
    return async (now = NOON, mode: Mode = 'apply') => {
      const { fleet, circumstances, problems } = await load({ now, mode });
      return { ...circumstances, groups: fleet.groups.map(({ name }) => name), problems };
    };
  };
  return { texts, saves, start, state };
}

const IN_FORCE = { inForceSince: '2026-11-09T12:00:00.000Z' };

describe('while it is good', () => {
  it('is saved once, and again when it changes, and when it is a day old', async () => {
    const { texts, saves, start } = world({ [SOURCE]: GOOD });
    const load = start();
    expect(await load(NOON)).toEqual({ groups: ['builds'], notes: [], problems: [] });
    await load(NOON + 60_000);
    await load(NOON + DAY - 1);
    expect(saves).toHaveBeenCalledTimes(1);
    await load(NOON + DAY);
    expect(saves).toHaveBeenCalledTimes(2);
    texts[SOURCE] = BETTER;
    await load(NOON + DAY + 60_000);
    await load(NOON + DAY + 120_000);
    expect(saves.mock.calls.map(([[change], now]) => [change?.key, change?.expectedVersion, now])).toEqual([
      [KEY, 0, NOON],
      [KEY, 1, NOON + DAY],
      [KEY, 2, NOON + DAY + 60_000],
    ]);
  });

  it('is not saved again by a process that finds it saved', async () => {
    const { saves, start } = world({ [SOURCE]: GOOD });
    await start()(NOON);
    await start()(NOON + 60_000);
    expect(saves).toHaveBeenCalledTimes(1);
  });

  it('is not kept by a dry run', async () => {
    const { texts, saves, start } = world({ [SOURCE]: GOOD });
    const load = start();
    await load(NOON, 'plan');
    expect(saves).not.toHaveBeenCalled();
    texts[SOURCE] = BROKEN;
    await expect(load(NOON, 'plan')).rejects.toThrow(InputError);
  });

  it('is not kept while a service keeps one of its templates back', async () => {
    const { saves, start, texts } = world({ [SOURCE]: TEMPLATED, [TEMPLATE]: OUTAGE });
    const load = start();
    expect(await load()).toMatchObject({ groups: ['builds'], notes: [] });
    expect(saves).not.toHaveBeenCalled();
    texts[TEMPLATE] = 'kind: Job';
    await load();
    expect(saves).toHaveBeenCalledTimes(1);
  });
});

describe('when it cannot be used', () => {
  it.each([
    [
      'it is refused',
      BROKEN,
      /^is refused \(s3:\/\/ci\/runners\.yaml:\d+:\d+ groups\[0\]\.lables: unknown key .+; and 1 more problem\)$/,
      2,
    ],
    [
      'it is deleted',
      new InputError(`S3 object ${SOURCE} does not exist`),
      /^cannot be used \(S3 object .+ does not exist\)$/,
      0,
    ],
    [
      'its merges multiply',
      `x: &a { ${Array.from({ length: 4_000 }, (_, index) => `k${index}: 1`).join(', ')} }\ny: [${'{ <<: *a },'.repeat(3_000)}]\ngroups: []`,
      /^is refused \(s3:\/\/ci\/runners\.yaml:2:\d+ its aliases and merges multiply into too many values\)$/,
      1,
    ],
    ['S3 fails', OUTAGE, /^cannot be read \(AWS failed at s3:GetObject\)$/, 0],
  ] as const)('%s: the last good one stays, in this process and in the next', async (_, present, refusal, problems) => {
    const { texts, saves, start } = world({ [SOURCE]: GOOD });
    const warm = start();
    await warm(NOON);
    texts[SOURCE] = present;
    for (const load of [warm, start()]) {
      for (const mode of ['apply', 'plan'] as const) {
        const answer = await load(NOON + 60 * DAY, mode);
        expect(answer.groups).toEqual(['builds']);
        expect(answer.configuration).toEqual({ ...IN_FORCE, refusal: expect.stringMatching(refusal) });
        expect(answer.notes).toEqual([
          `The configuration ${answer.configuration?.refusal}, so the one in force since 2026-11-09 12:00 UTC stays until that is put right; "validate" tells everything that is wrong.`,
        ]);
        expect(answer.problems).toHaveLength(problems);
      }
    }
    expect(saves).toHaveBeenCalledTimes(1);
  });

  it('comes back as soon as it is right again', async () => {
    const { texts, start } = world({ [SOURCE]: GOOD });
    const load = start();
    await load(NOON);
    texts[SOURCE] = BROKEN;
    await load(NOON + 60_000);
    texts[SOURCE] = BETTER;
    expect(await load(NOON + 120_000)).toEqual({ groups: ['better'], notes: [], problems: [] });
    texts[SOURCE] = BROKEN;
    expect((await start()(NOON + 180_000)).configuration?.inForceSince).toBe('2026-11-09T12:02:00.000Z');
  });

  it('gives way to the templates that belong to the good one', async () => {
    const { texts, start } = world({ [SOURCE]: TEMPLATED, [TEMPLATE]: 'kind: Job' });
    await start()();
    texts[SOURCE] = BROKEN;
    texts[TEMPLATE] = new InputError('gone');
    expect(await start()()).toMatchObject({ groups: ['builds'] });
  });

  it('is what another process has seen since, not what this one remembers', async () => {
    const { texts, start } = world({ [SOURCE]: GOOD });
    const [slow, quick] = [start(), start()];
    await slow(NOON);
    texts[SOURCE] = BETTER;
    await quick(NOON + 60_000);
    texts[SOURCE] = BROKEN;
    expect((await slow(NOON + 120_000)).groups).toEqual(['better']);
  });

  it('fails as it is when none was ever kept', async () => {
    const { start } = world({ [SOURCE]: BROKEN });
    await expect(start()()).rejects.toThrow(/^s3:.+: unknown key/);
  });

  it('fails as it is when the one that was kept is refused by now', async () => {
    const { texts, state, start } = world({ [SOURCE]: GOOD });
    await start()();
    texts[SOURCE] = BROKEN;
    const other = createConfigurationLoader({
      source: SOURCE,
      loading: { readText: async () => Promise.reject(OUTAGE) },
      openState: async () => ({
        ...state,
        load: async () => new Map([[KEY, { version: 1, value: { since: 1, savedAt: 1, gzip: 'bm8gZ3ppcA==' } }]]),
      }),
    });
    await expect(other({ now: NOON, mode: 'apply' })).rejects.toBe(OUTAGE);
  });

  it('fails as it is for a defect', async () => {
    const { texts, start } = world({ [SOURCE]: GOOD });
    const load = start();
    await load();
    texts[SOURCE] = new TypeError('a defect');
    await expect(load()).rejects.toThrow('a defect');
  });
});

describe('when the state store', () => {
  const down = () => Promise.reject(new ServiceError('DynamoDB is down', { service: 'aws', outcome: 'unknown' }));
  const unkept = (why: string) => [
    `The configuration ${SOURCE} is not kept for the case that a later one is refused: ${why}`,
  ];

  it('cannot be read, the process remembers by itself', async () => {
    const { texts, start } = world({ [SOURCE]: GOOD }, { load: down });
    const load = start();
    expect(await load()).toEqual({ groups: ['builds'], notes: unkept('DynamoDB is down'), problems: [] });
    texts[SOURCE] = BROKEN;
    expect(await load(NOON + 60_000)).toMatchObject({ groups: ['builds'], configuration: IN_FORCE });
    await expect(start()()).rejects.toThrow(InputError);
  });

  it('refuses it, the next tick tries again', async () => {
    let failure: string | undefined = 'no capacity';
    const inner = createMemoryStateStore();
    const { saves, start } = world(
      { [SOURCE]: GOOD },
      {
        load: inner.load,
        save: async (changes, now) => (failure === undefined ? inner.save(changes, now) : [{ key: KEY, failure }]),
      },
    );
    const load = start();
    expect((await load()).notes).toEqual(unkept('no capacity'));
    failure = undefined;
    expect((await load()).notes).toEqual([]);
    await load();
    expect(saves).toHaveBeenCalledTimes(2);
  });

  it('was written by another shard meanwhile, nothing is said and nothing overwritten', async () => {
    const { saves, start, state, texts } = world({ [SOURCE]: GOOD });
    const [one, other] = [start(), start()];
    await one(NOON);
    await other(NOON);
    texts[SOURCE] = BETTER;
    await one(NOON + 60_000);
    expect((await other(NOON + 60_000)).notes).toEqual([]);
    await other(NOON + 120_000);
    expect(saves).toHaveBeenCalledTimes(3);
    expect((await state.load([KEY])).get(KEY)?.version).toBe(2);
  });

  it('holds something that is no configuration, it is replaced', async () => {
    const { saves, start, state, texts } = world({ [SOURCE]: GOOD });
    await state.save([{ key: KEY, expectedVersion: 0, value: 'x' }], NOON);
    expect((await start()()).notes).toEqual([]);
    expect(saves).toHaveBeenCalledTimes(2);
    texts[SOURCE] = BROKEN;
    expect((await start()()).groups).toEqual(['builds']);
  });

  it('has no room for it, the process remembers by itself', async () => {
    // What cannot be compressed: a comment of many different characters.
    let seed = 1;
    const noise = Array.from({ length: 500_000 }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return String.fromCharCode(65 + (seed % 58));
    }).join('');
    const { texts, saves, start } = world({ [SOURCE]: `${GOOD}\n# ${noise}\n` });
    const load = start();
    const { notes } = await load();
    expect(notes).toEqual([expect.stringMatching(/is refused: it has \d{3} KB when compressed, more than a document/)]);
    expect(saves).not.toHaveBeenCalled();
    texts[SOURCE] = BROKEN;
    expect((await load()).groups).toEqual(['builds']);
  });
});
