import { describe, expect, it } from 'vitest';
import {
  groupMemoryKey,
  isSame,
  parseGroupMemory,
  parseScopeMemory,
  parseWorkspaceMemory,
  scopeMemoryKey,
  wakeLookKey,
  workspaceMemoryKey,
} from '#core/memory.ts';
import { scopeKey } from '#core/scope.ts';

describe('keys', () => {
  it('of a scope: the workspace, with its repository where there is one', () => {
    expect(scopeKey({ workspace: 'acme' })).toBe('acme');
    expect(scopeKey({ workspace: 'acme', repository: 'site' })).toBe('acme/site');
  });

  it('of documents: a group, a scope and a workspace of one name never meet', () => {
    expect(groupMemoryKey('acme')).toBe('group/acme');
    expect(workspaceMemoryKey('acme')).toBe('workspace/acme');
    expect(wakeLookKey('acme')).toBe('wake/look/acme');
    expect(scopeMemoryKey({ workspace: 'acme' })).toBe('scope/acme');
    expect(scopeMemoryKey({ workspace: 'acme', repository: 'site' })).toBe('scope/acme/site');
  });
});

describe('two things to remember say the same', () => {
  it.each([
    ['in another order', { a: 1, b: [2] }, { b: [2], a: 1 }, true],
    ['with something empty or undefined besides', { a: 1 }, { a: 1, b: {}, c: undefined }, true],
    ['but for a value', { a: 1 }, { a: 2 }, false],
    ['but for a key', { a: 1 }, { b: 1 }, false],
    ['but for one more', { a: 1 }, { a: 1, b: 2 }, false],
    ['nothing and null', {}, null, false],
    ['null and nothing', null, {}, false],
    ['null and null', null, null, true],
    ['a null within', { a: null }, { a: null }, true],
    ['a null within and none', { a: null }, {}, false],
    ['a text and a list', 'a', ['a'], false],
    ['a list and a text', ['a'], 'a', false],
    ['a number and nothing', 1, {}, false],
  ])('%s', (_, one, other, are) => {
    expect(isSame(one, other)).toBe(are);
  });
});

const GARBAGE: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['text', 'idleSince'],
  ['a number', 7],
  ['a list', []],
  ['an empty object', {}],
];

describe("a group's memory", () => {
  it('comes back as it was saved', () => {
    const memory = {
      idleSince: { '{a}': 1 },
      drainingSince: { '{b}': 2 },
      quarantine: {
        failures: 3,
        since: 4,
        settings: 6,
        failed: [
          { runner: '{c}', at: 7, cause: 'late' },
          { at: 8, cause: 'quota' },
        ],
      },
      failedStarts: { '{c}': 9 },
      startUps: { tookMs: [10], awaited: ['{d}'], newest: 11 },
      worked: ['{d}'],
      waits: { queued: [{ since: 12, steps: 2 }], begun: [{ from: 13, waitedMs: 14, steps: 1 }] },
      recentTargets: [{ target: 9, since: 5 }],
      drains: {
        '{b}': { cause: 'surplus', at: 1 },
        '{c}': { cause: 'of a later version', at: 1, enabledAt: 2, confirm: true },
      },
    };
    expect(parseGroupMemory(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
  });

  it('of the version before is read as it is', () => {
    const memory = { idleSince: {}, drainingSince: {}, quarantine: { failures: 3, since: 4 } };
    expect(parseGroupMemory(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
  });

  it('that names those that had a Job is read as naming those that had none', () => {
    const memory = {
      idleSince: {},
      drainingSince: {},
      runners: { '{a}': 1, '{b}': 2 },
      jobs: { '{a}': 1, '{gone}': 1 },
    };
    expect(parseGroupMemory(memory)).toMatchObject({ runners: memory.runners, jobless: ['{b}'] });
    expect(parseGroupMemory({ idleSince: {}, drainingSince: {}, jobs: {} })).toMatchObject({ jobless: [] });
  });

  it('is the same one each time, for the same document: a process that ticks on need not read it again', () => {
    const document = { idleSince: { '{a}': 1 }, drainingSince: {} };
    expect(parseGroupMemory(document)).toBe(parseGroupMemory(document));
  });

  it('keeps nothing of a later version that this one does not know', () => {
    expect(parseGroupMemory({ idleSince: {}, drainingSince: {}, peaks: [1] })).toEqual({
      idleSince: {},
      drainingSince: {},
    });
  });

  it.each([
    ...GARBAGE,
    ['half of it', { idleSince: { '{a}': 1 } }],
    ['the other half', { drainingSince: { '{a}': 1 } }],
    ['times that are none', { idleSince: { '{a}': 'noon' }, drainingSince: {} }],
    ['a quarantine that is none', { idleSince: {}, drainingSince: {}, quarantine: { failures: '3', since: 4 } }],
    ['targets that are none', { idleSince: {}, drainingSince: {}, recentTargets: [{ target: 9 }] }],
    ['failed starts that are none', { idleSince: {}, drainingSince: {}, failedStarts: { '{a}': 'noon' } }],
    ['start-ups that are none', { idleSince: {}, drainingSince: {}, startUps: { tookMs: 1 } }],
    [
      'a failure that is none',
      { idleSince: {}, drainingSince: {}, quarantine: { failures: 3, since: 4, failed: [{ at: 1 }] } },
    ],
    ['drains that are none', { idleSince: {}, drainingSince: {}, drains: { '{a}': { cause: 'surplus' } } }],
    ['draining times that are none', { idleSince: {}, drainingSince: { '{a}': null } }],
  ] as const)('is forgotten when it is garbage: %s', (_name, value) => {
    expect(parseGroupMemory(value)).toEqual({ idleSince: {}, drainingSince: {} });
  });
});

describe("a workspace's memory", () => {
  it('comes back as it was saved', () => {
    const memory = { month: '2026-11', runners: 9, steps: 8, elsewhere: 1 };
    expect(parseWorkspaceMemory(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
  });

  it.each([
    ...GARBAGE,
    ['no month', { runners: 9 }],
    ['no number', { month: '2026-11' }],
    ['a number as text', { month: '2026-11', runners: '9' }],
  ] as const)('is unknown when it is garbage: %s', (_name, value) => {
    expect(parseWorkspaceMemory(value)).toBeUndefined();
  });
});

describe("a scope's memory", () => {
  it.each([
    { stepSeen: true },
    { stepSeen: false, identity: { workspaceUuid: '{w}' } },
    { stepSeen: true, identity: { workspaceUuid: '{w}', repositoryUuid: '{r}' } },
    { stepSeen: true, stepSeenAt: 7 },
  ])('comes back as it was saved: %o', (memory) => {
    expect(parseScopeMemory(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
  });

  it.each([
    ...GARBAGE,
    ['no step mark', { identity: { workspaceUuid: '{w}' } }],
    ['a step mark that is none', { stepSeen: 'yes' }],
    ['an identity without a workspace', { stepSeen: true, identity: {} }],
    ['an identity that is none', { stepSeen: true, identity: '{w}' }],
    ['a repository that is none', { stepSeen: true, identity: { workspaceUuid: '{w}', repositoryUuid: 7 } }],
  ] as const)('is looked up again when it is garbage: %s', (_name, value) => {
    expect(parseScopeMemory(value)).toEqual({ stepSeen: false });
  });
});
