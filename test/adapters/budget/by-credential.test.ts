import { describe, expect, it } from 'vitest';
import { keepBudgets } from '#adapters/budget/by-credential.ts';
import type { Credential } from '#adapters/credentials.ts';
import type { Fleet, WorkspaceSettings } from '#core/model/configuration.ts';
import { Secret } from '#core/secret.ts';
import { NOON } from '#kit/fleet.ts';

const TOKEN = 'the-token-itself';

function fleetOf(workspaces: Readonly<Record<string, Partial<WorkspaceSettings>>>): Fleet {
  const settings = Object.entries(workspaces).map(([name, over]) => [
    name,
    { maxRunners: 100, api: 'internal', ...over },
  ]);
  return { groups: [], workspaces: Object.fromEntries(settings), clusters: {} };
}

function keep(secretId?: string, fromEnvironment?: Credential) {
  return keepBudgets({ secretId, fromEnvironment }, () => NOON);
}

describe('budgets by credential', () => {
  const fleet = fleetOf({
    acme: { callsPerHour: 800 },
    labs: { callsPerHour: 300 },
    own: { secretId: 'own', callsPerHour: 100 },
    plain: { secretId: 'plain' },
  });

  it('are shared by the workspaces that share the credential, with the smallest of their limits', () => {
    const budgetOf = keep('ci')(fleet);
    expect(budgetOf('acme')).toBe(budgetOf('labs'));
    expect(budgetOf('acme').usage().limit).toBe(300);
    expect([budgetOf('own').credential, budgetOf('own').usage().limit]).toEqual(['own', 100]);
    expect(budgetOf('plain').usage().limit).toBe(1000);
    expect(budgetOf('unlisted').usage().limit).toBe(300);
  });

  it('last as long as the process, whatever the configuration becomes', () => {
    const kept = keep('ci');
    const first = kept(fleet)('acme');
    const second = kept(fleetOf({ acme: { callsPerHour: 90 } }))('acme');
    expect(second).toBe(first);
    expect(first.usage().limit).toBe(90);
  });

  it('of no listed workspace have the default', () => {
    expect(keep('ci')(fleetOf({}))('acme').usage().limit).toBe(1000);
  });
});

describe('the name of a budget', () => {
  const secret = new Secret(TOKEN);
  const credentials: readonly Credential[] = [
    { kind: 'apiToken', email: 'ops@acme.example', token: secret },
    { kind: 'apiToken', email: 'other@acme.example', token: secret },
    { kind: 'oauth', clientId: 'client', clientSecret: secret },
    { kind: 'accessToken', token: secret },
    { kind: 'appPassword', username: 'ops', password: secret },
  ];

  it('is that of the secret', () => {
    const budget = keep('ci/bitbucket')(fleetOf({}))('acme');
    expect([budget.credential, budget.key]).toEqual(['ci/bitbucket', 'budget/secret/ci/bitbucket']);
  });

  it('from the environment tells credentials apart and shows nothing of them', () => {
    const budgets = credentials.map((credential) => keep(undefined, credential)(fleetOf({}))('acme'));
    expect(new Set(budgets.map(({ key }) => key)).size).toBe(credentials.length);
    expect(budgets.map(({ credential }) => credential)).toEqual([
      'environment (apiToken)',
      'environment (apiToken)',
      'environment (oauth)',
      'environment (accessToken)',
      'environment (appPassword)',
    ]);
    for (const { key } of budgets) expect(key).toMatch(/^budget\/environment\/\w+-[0-9a-f]{16}$/);
    const rotated = { kind: 'apiToken', email: 'ops@acme.example', token: new Secret('another') } as const;
    expect(keep(undefined, rotated)(fleetOf({}))('acme').key).toBe(budgets[0]?.key);
  });

  it('without any credential is one all the same', () => {
    expect(keep()(fleetOf({}))('acme').key).toBe('budget/environment');
  });
});
