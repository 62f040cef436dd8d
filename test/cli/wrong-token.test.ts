/** One wrong token is one fault: one call, one line, and what nobody knows is not shown as 0. */
import { describe, expect, it } from 'vitest';
import { runCommand } from '../doors/command.ts';
import { startDoorsWorld } from '../doors/world.ts';

const REPOSITORIES = Array.from({ length: 30 }, (_, index) => `app-${index}`);
const CONFIG = `groups:\n${REPOSITORIES.map(
  (name) =>
    `  - { name: ${name}, workspace: acme, repository: ${name}, labels: [large], namespace: runners, strategy: idleBuffer, parameters: { min: 1, max: 4, idleCount: 1, scaleFactor: 1 } }\n`,
).join('')}`;

const WORLD = { bitbucket: { workspaces: { acme: REPOSITORIES } } };
const REFUSED = { reply: { status: 401 }, times: 999 } as const;

describe('a wrong token of thirty groups', () => {
  it.each(['plan', 'apply', 'status'])('costs %s one call, and is told once, above the table', async (command) => {
    await using world = await startDoorsWorld(CONFIG, WORLD);
    world.bitbucket.script(REFUSED);
    const { code, stdout } = await runCommand([command], world.environment);
    expect(code).toBe(1);
    expect(world.bitbucket.requests).toHaveLength(1);
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text.split('Bitbucket answered 401')).toHaveLength(2);
    expect(text).toMatch(
      /problem of 30 groups \(app-0, app-1, app-2, …\): The credential of the environment is refused/,
    );
    expect(text).toMatch(/app-29 – – – – – .*see above/);
  });

  it('is said in JSON of every group, beside its numbers', async () => {
    await using world = await startDoorsWorld(CONFIG, WORLD);
    world.bitbucket.script(REFUSED);
    const { stdout } = await runCommand(['plan', '--json'], world.environment);
    const { version, groups } = JSON.parse(stdout);
    expect(version).toBe(1);
    expect(groups).toHaveLength(30);
    for (const group of groups) {
      expect(group).toMatchObject({ counts: { busy: 0 }, countsUnknown: true, decision: { action: 'hold' } });
      expect(group.problems).toEqual([expect.stringMatching(/^The credential of the environment is refused/)]);
    }
  });

  it('is no longer a fault with the next tick, once it is right', async () => {
    await using world = await startDoorsWorld(CONFIG, WORLD);
    const { code, stdout } = await runCommand(['plan'], world.environment);
    expect(code).toBe(0);
    expect(stdout).not.toContain('–  ');
    expect(stdout).toMatch(/30 groups: 30 up; 0 runners\n/);
  });

  it('sums up what is known, and names what is not', async () => {
    const two = CONFIG.replaceAll(/ {2}- \{ name: app-(?!0,|1,)\d+,.*\n/g, '');
    await using world = await startDoorsWorld(two, WORLD);
    world.bitbucket.script({ path: 'acme/app-1/', times: 9, reply: { status: 404 } });
    const { stdout } = await runCommand(['plan'], world.environment);
    expect(stdout).toMatch(/2 groups: 1 up, 1 hold; 0 runners, unknown in 1 group\n/);
    expect(stdout).toMatch(/app-1 +– +– +– +– +– +hold – /);
  });
});
