/** `history` from arguments to files: killed, interrupted, resumed; streams and exit codes. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSqliteStateStore } from '#adapters/state/sqlite.ts';
import { textOfDatabase } from '#kit/database.ts';
import { groupObservation, observation, runner } from '#kit/fleet.ts';
import type { LoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { tickRecord } from '#kit/tick-records.ts';
import { arrived } from '../../doors/arrived.ts';
import { runCommand, startCommand } from '../../doors/command.ts';
import { SOURCE, startProgram } from '../../doors/program.ts';
import { directory, HOUR, linesOf, MINUTE, NOW, startPast } from './past.ts';

const SINCE = new Date(NOW - 240 * HOUR).toISOString().slice(0, 19);
const UNTIL = new Date(NOW).toISOString().slice(0, 19);

function exporting(bitbucket: LoopbackBitbucket, file: string, ...more: readonly string[]) {
  const range = ['--since', SINCE, '--until', UNTIL];
  const args = ['history', 'export', '--workspace', 'acme', ...range, '--out', file, ...more];
  const environment = { BITBUCKET_BASE_URL: bitbucket.url, BITBUCKET_ACCESS_TOKEN: 'the-token' };
  return [args, environment] as const;
}

/** So many calls are answered; the next ones wait until what is given back is called. */
function holdAfter(bitbucket: LoopbackBitbucket, calls: number): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  bitbucket.forgetRequests();
  bitbucket.script({ times: calls, reply: { until: Promise.resolve() } });
  bitbucket.script({ times: Number.POSITIVE_INFINITY, reply: { until: promise } });
  return () => {
    bitbucket.forgetScripts();
    resolve();
  };
}

describe('history export', () => {
  it('comes to the same file when it is killed and interrupted on the way', async () => {
    const bitbucket = await startPast({ shop: 8 });
    const into = await directory();
    const whole = path.join(into, 'whole.jsonl');
    expect((await runCommand(...exporting(bitbucket, whole))).code).toBe(0);

    const file = path.join(into, 'acme.jsonl');
    const afterTheKill = holdAfter(bitbucket, 5);
    const killed = startProgram(SOURCE, ...exporting(bitbucket, file));
    await arrived(bitbucket, 6);
    killed.process.kill('SIGKILL');
    await killed.ended;
    afterTheKill();

    const afterTheSignal = holdAfter(bitbucket, 4);
    const interrupted = startCommand(...exporting(bitbucket, file, '--resume', '--json'));
    await arrived(bitbucket, 5);
    interrupted.signal('SIGINT');
    afterTheSignal();
    const { code, stdout, stderr } = await interrupted.ended;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, file, isWhole: false });
    expect(stderr).toMatch(
      /stopping; what was read stays read\n.*Stopped with \d+ steps .*; go on with .* --resume\.\n/s,
    );

    const last = await runCommand(...exporting(bitbucket, file, '--resume'));
    expect(last.code).toBe(0);
    expect(last.stdout).toMatch(/acme\.jsonl: 16 steps of 8 pipelines in 1 repositories, .* calls\./);
    expect(await readFile(file, 'utf8')).toBe(await readFile(whole, 'utf8'));

    const again = await runCommand(...exporting(bitbucket, file, '--resume', '--json'));
    expect(again).toMatchObject({ code: 0, stderr: `${file} is whole; nothing is left to do\n` });
    expect(JSON.parse(again.stdout)).toMatchObject({ isWhole: true, steps: 16 });
  });

  it('reads on past a file that nothing could hold, and names its commit', async () => {
    const bitbucket = await startPast({ shop: 3 });
    const keys = Array.from({ length: 4_000 }, (_, index) => `k${index}: 1`).join(', ');
    const merges = `x: &a { ${keys} }\ny: [${'{ <<: *a },'.repeat(3_000)}]\npipelines: { default: *a }`;
    bitbucket.putFile({ workspace: 'acme', repository: 'shop' }, merges, 'shop-2');
    const file = path.join(await directory(), 'acme.jsonl');
    const { code, stdout } = await runCommand(...exporting(bitbucket, file));
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/7 steps of 3 pipelines .* at shop-2 /s),
    });
    const labels = (await linesOf(file)).map((line) => JSON.parse(line).labels?.length ?? 0);
    expect(labels.filter((count) => count > 0)).toHaveLength(4);
  });

  it('stops after --max-calls with exit code 1', async () => {
    const bitbucket = await startPast({ shop: 4 });
    const file = path.join(await directory(), 'acme.jsonl');
    const { code, stdout } = await runCommand(...exporting(bitbucket, file, '--max-calls', '4'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Stopped with 2 steps of 1 pipelines in 1 repositories, .*, 4 calls; go on/);
    expect(bitbucket.requests).toHaveLength(4);
  });

  it('shares the hourly calls with the autoscaler whose memory it is given', async () => {
    const bitbucket = await startPast({ shop: 2 });
    const into = await directory();
    const state = `sqlite:${path.join(into, 'state.sqlite')}`;
    await runCommand(...exporting(bitbucket, path.join(into, 'one.jsonl'), '--state', state));
    expect(textOfDatabase(path.join(into, 'state.sqlite'))).toMatch(/budget\/environment\/accessToken/);
    // The first one's calls leave room for little more: a quarter is the autoscaler's.
    const more = ['--state', state, '--calls-per-hour', '9', '--json'];
    const second = startCommand(...exporting(bitbucket, path.join(into, 'two.jsonl'), ...more));
    await second.seen('stderr', /waiting until \d\d:\d\d UTC: 6 of 9 calls of the hour are used/);
    second.signal('SIGINT');
    expect((await second.ended).code).toBe(1);
  });

  it.each([
    [['--since', '2h'], /^error: The export ends before it begins/],
    [['--max-calls', '0'], /Give a whole number above 0/],
    [
      ['--out', '/nowhere/x'],
      /^error: \/nowhere\/x cannot be written: there is no such folder; name another .* --out$/m,
    ],
    [['--out', '/'], /^error: \/ cannot be written: it is a folder; name another place with --out$/m],
    [['--from-ticks'], /State "memory" keeps no records/],
    [['--from-ticks', '--repository', 'shop'], /leave out --repository/],
  ])('refuses %j with exit code 2', async (more, message) => {
    const bitbucket = await startPast({ shop: 1 });
    const { code, stderr } = await runCommand(...exporting(bitbucket, path.join(await directory(), 'x'), ...more));
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(bitbucket.requests).toEqual([]);
  });

  it('says what is wrong with the credential, and never shows it', async () => {
    const bitbucket = await startPast({ shop: 1 });
    bitbucket.script({ times: 9, reply: { status: 401, body: { error: { message: 'the-token' } } } });
    const { code, stderr } = await runCommand(...exporting(bitbucket, path.join(await directory(), 'x')));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Listing the repositories of acme failed: .*401/);
    expect(stderr).not.toContain('the-token');
  });
});

describe('history export --from-ticks', () => {
  it('reads what the ticks have left in the state store, and calls nobody', async () => {
    const into = await directory();
    const state = path.join(into, 'state.sqlite');
    const store = createSqliteStateStore(state);
    const busy = [false, true, true, false];
    for (const [index, hasStep] of busy.entries()) {
      const at = NOW - HOUR + index * MINUTE;
      const seen = observation([groupObservation({ runners: [runner({ uuid: '{a}', hasStep })] })]);
      await store.appendTick({ ...tickRecord(`t${index}`, at), observation: { ...seen, at } });
    }
    const file = path.join(into, 'ticks.jsonl');
    const range = ['--since', SINCE, '--until', UNTIL, '--state', `sqlite:${state}`, '--out', file];
    const args = ['history', 'export', '--workspace', 'acme', '--from-ticks', '--anonymise', '--json', ...range];
    const { code, stdout } = await runCommand(args, {});
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ isWhole: true, steps: 1, ticks: 4 });
    expect((await linesOf(file)).slice(0, 2).map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ source: 'ticks', workspace: 'workspace', anonymised: true }),
      {
        ready: new Date(NOW - HOUR + MINUTE).toISOString(),
        durationMs: 2 * MINUTE,
        workspace: 'workspace',
        labels: ['label-1', 'linux', 'self.hosted'],
      },
    ]);
  });
});

describe('history check', () => {
  it('tells what is in a file, and what is wrong with it', async () => {
    const file = path.join(await directory(), 'h.csv');
    await writeFile(file, 'ready,durationMs,workspace,labels\n2026-11-02T08:00:00Z,1000,acme,linux\nnonsense\n');
    const { code, stdout } = await runCommand(['history', 'check', file], {});
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 step in 3 lines, .*\nSkipped 1 line \(the first is line 3\): no valid step/);
    const json = await runCommand(['history', 'check', file, '--json'], {});
    expect(JSON.parse(json.stdout)).toMatchObject({ version: 1, steps: 1, skipped: { invalid: { lines: 1 } } });
    expect((await runCommand(['history', 'check', `${file}x`], {})).code).toBe(2);
  });
});

describe('a history that was exported', () => {
  it('can be played', async () => {
    const bitbucket = await startPast({ shop: 4 });
    const into = await directory();
    const file = path.join(into, 'acme.jsonl');
    await runCommand(...exporting(bitbucket, file));
    expect(await linesOf(file)).toHaveLength(10);
    await writeFile(
      path.join(into, 'runners.yaml'),
      `groups:
  - { name: all, workspace: acme, labels: [secret-label], namespace: runners, strategy: percentageRunnersIdle,
      parameters: { min: 1, max: 5, scaleUpThreshold: 0.5, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 } }
`.replace('secret-label', 'secret.label'),
    );
    const { code, stdout } = await runCommand(
      ['simulate', '--config', path.join(into, 'runners.yaml'), '--history', file, '--json'],
      {},
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout).policies[0].steps.arrived).toBe(8);
  });
});
