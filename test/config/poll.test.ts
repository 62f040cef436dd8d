/** `pollEvery`: what it may be, and when the hourly calls are too few for it. */
import { describe, expect, it } from 'vitest';
import { loadFleet } from '#config/load.ts';
import { problemsOf, warningsOf, withGroup, withGroups } from './samples.ts';

const RULE = 'expected a duration from 5s to less than 1m, such as 10s; without the key there is one look a minute';

it.each([
  ['5s', []],
  ['59s', []],
  [10, []],
  ['4s', [`pollEvery: ${RULE}`]],
  ['1m', [`pollEvery: ${RULE}`]],
  [0, [`pollEvery: ${RULE}`]],
])('may be from 5 s to less than a minute: %s', (pollEvery, problems) => {
  expect(problemsOf(withGroup({}, { pollEvery }))).toEqual(problems);
});

it.each([
  [{ pollEvery: '10s' }, 10_000],
  [{}, undefined],
])('is part of the fleet: %j', async (file, pollEveryMs) => {
  const { fleet } = await loadFleet('r.yaml', { readText: async () => withGroup({}, file) });
  expect(fleet.pollEveryMs).toBe(pollEveryMs);
});

describe('a warning', () => {
  const excess = (lists: number, scopes: number, limit: number, instead: string) =>
    `pollEvery: makes ${lists} lists an hour with one credential (workspaces and repositories: ${scopes}), more than its ${limit} calls an hour have room for, so some looks will be held back; ${instead}, or give workspaces credentials of their own`;
  const repositories = (count: number) => Array.from({ length: count }, (_, index) => ({ repository: `app${index}` }));
  const [acme, beta] = [{ workspace: 'acme' }, { workspace: 'beta' }];

  it.each([
    ['two scopes every 10 s', repositories(2), { pollEvery: '10s' }, []],
    ['three scopes every 10 s', repositories(3), { pollEvery: '10s' }, [excess(1080, 3, 1000, 'use 15s or more')]],
    ['as many as there is room for', repositories(10), { pollEvery: '51s' }, []],
    ['just above it', repositories(10), { pollEvery: '50s' }, [excess(720, 10, 1000, 'use 51s or more')]],
    ['many groups of one scope', [acme, acme, acme, acme], { pollEvery: '5s' }, []],
    [
      'two workspaces that share a credential',
      [acme, beta],
      { pollEvery: '5s' },
      [excess(1440, 2, 1000, 'use 10s or more')],
    ],
    [
      'two with credentials of their own',
      [acme, beta],
      { pollEvery: '5s', workspaces: { acme: { secretId: 'a' }, beta: { secretId: 'b' } } },
      [],
    ],
    [
      'fewer calls allowed',
      [acme],
      { pollEvery: '10s', workspaces: { acme: { callsPerHour: 300 } } },
      [excess(360, 1, 300, 'use 17s or more')],
    ],
    [
      'so few that a minute is not enough',
      [acme],
      { pollEvery: '30s', workspaces: { acme: { callsPerHour: 60 } } },
      [excess(120, 1, 60, 'leave it out')],
    ],
  ])('%s', (_, groups, file, expected) => {
    const warnings = warningsOf(withGroups(groups, file)).filter((warning) => warning.startsWith('pollEvery'));
    expect(warnings).toEqual(expected);
  });
});
