/** Exports: what a file has, and that it has the same however often its making was broken off. */
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileReading } from '#adapters/bitbucket/pipeline-reader.ts';
import { findFinished } from '#tools/history/export.ts';
import { openHistory } from '#tools/history/read.ts';
import { READING } from '../../adapters/bitbucket/setup.ts';
import { addPast, DAY, directory, HOUR, linesOf, MINUTE, NOW, PLAN, runExport, startPast } from './past.ts';

describe('an export', () => {
  it('has every step that ran on own runners, in order, with when it became ready and how long it waited', async () => {
    const bitbucket = await startPast({ shop: 1, site: 1 });
    const file = path.join(await directory(), 'acme.jsonl');
    const { result } = await runExport(bitbucket, { file });
    const at = (minute: number) => new Date(NOW - HOUR + minute * MINUTE).toISOString();
    const step = (repository: string, labels: string[], durationMs: number, waitedMs: number, index: number) => ({
      ready: at(1),
      durationMs: durationMs * MINUTE,
      workspace: 'acme',
      repository,
      labels,
      result: 'SUCCESSFUL',
      waitedMs: waitedMs * MINUTE,
      id: `1.${index}`,
    });
    const x86 = ['linux', 'secret-label', 'self.hosted'];
    const arm = ['linux.arm64', 'self.hosted'];
    const omitted = { hosted: 2, notRun: 0, unfinished: 0, outside: 0 };
    expect((await linesOf(file)).map((line) => JSON.parse(line))).toEqual([
      {
        history: 1,
        source: 'bitbucket',
        workspace: 'acme',
        from: new Date(PLAN.from).toISOString(),
        to: new Date(PLAN.to).toISOString(),
        anonymised: false,
      },
      step('shop', x86, 3, 1, 1),
      step('shop', arm, 1, 2, 2),
      step('site', x86, 3, 1, 1),
      step('site', arm, 1, 2, 2),
      { end: { steps: 4, gaps: 0, omitted } },
    ]);
    expect(result).toEqual({
      workspace: 'acme',
      from: PLAN.from,
      to: PLAN.to,
      anonymised: false,
      repositories: 2,
      pipelines: 2,
      steps: 4,
      unlabelled: 0,
      gaps: 0,
      omitted,
      problems: [],
    });
  });

  it('is read back without a complaint, and leaves nothing else behind', async () => {
    const bitbucket = await startPast({ shop: 8, site: 5 });
    const into = await directory();
    await runExport(bitbucket, { file: path.join(into, 'acme.jsonl') });
    const history = await openHistory(path.join(into, 'acme.jsonl'));
    expect(await Array.fromAsync(history.arrivals)).toHaveLength(26);
    expect(history.summary()).toMatchObject({ steps: 26, skipped: {}, gapCount: 0, end: { steps: 26 } });
    expect(await readdir(into)).toEqual(['acme.jsonl']);
  });

  it('reads no further back than its range and the six hours before it', async () => {
    const bitbucket = await startPast({ shop: 40 });
    const file = path.join(await directory(), 'acme.jsonl');
    const { result } = await runExport(bitbucket, { file, plan: { ...PLAN, from: NOW - DAY, to: NOW - 6 * HOUR } });
    // Created 7, 13, 19 and 25 hours ago, of which the last one was ready too early.
    expect(result).toMatchObject({ pipelines: 4, steps: 6, omitted: { outside: 2 } });
    const steps = bitbucket.requests.filter((request) => request.path.includes('/steps/'));
    expect(steps).toHaveLength(4);
    expect(bitbucket.requests.filter((request) => request.path.includes('/pipelines?'))).toHaveLength(3);
  });

  it('asks only for the repositories that were named, and refuses one that is not there', async () => {
    const bitbucket = await startPast({ shop: 1, site: 1 });
    const file = path.join(await directory(), 'acme.jsonl');
    expect((await runExport(bitbucket, { file, plan: { ...PLAN, repositories: ['site'] } })).result.steps).toBe(2);
    const plan = { ...PLAN, repositories: ['sight'] };
    expect((await runExport(bitbucket, { file: `${file}2`, plan })).result.message).toMatch(
      /^Listing the pipelines of acme\/sight failed: Bitbucket answered 404/,
    );
  });

  it('says which steps are missing, and why, where a repository or a pipeline is gone', async () => {
    const bitbucket = await startPast({ shop: 2, site: 1 });
    bitbucket.script({ path: '/acme/site/pipelines?', reply: { status: 404 } });
    bitbucket.script({ path: '/acme/shop/pipelines/', reply: { status: 404 } });
    const file = path.join(await directory(), 'acme.jsonl');
    expect((await runExport(bitbucket, { file })).result).toMatchObject({ steps: 2, gaps: 2, pipelines: 1 });
    const history = await openHistory(file);
    await Array.fromAsync(history.arrivals);
    expect(history.summary().gaps.map(({ repository, reason }) => `${repository}: ${reason}`)).toEqual([
      'site: Bitbucket knows no pipelines of it',
      expect.stringMatching(/^shop: Listing the steps of pipeline .* failed: Bitbucket answered 404/),
    ]);
  });

  it('keeps steps whose labels are not known, which then cannot be played, and says why', async () => {
    const bitbucket = await startPast({ shop: 1 });
    bitbucket.script({ path: '/src/', reply: { status: 404 } });
    const file = path.join(await directory(), 'acme.jsonl');
    const { result } = await runExport(bitbucket, { file });
    expect(result).toMatchObject({
      steps: 3,
      unlabelled: 3,
      problems: ['bitbucket-pipelines.yml of acme/shop at shop-1 is not there'],
    });
    const history = await openHistory(file);
    await Array.fromAsync(history.arrivals);
    expect(history.summary()).toMatchObject({ steps: 0, skipped: { 'no-labels': { lines: 3, firstLine: 2 } } });
  });

  it('goes past a file that takes too long to read, also when it is resumed, and reads those beside it', async () => {
    const bitbucket = await startPast({ shop: 3 });
    const slow = '# takes for ever';
    bitbucket.putFile({ workspace: 'acme', repository: 'shop' }, slow, 'shop-2');
    const parse: FileReading['parse'] = async (text) =>
      text === slow ? { stopped: 'takes longer than 3 s to read' } : READING.parse(text);
    const file = path.join(await directory(), 'acme.jsonl');
    await runExport(bitbucket, { file, reading: { parse }, dieAt: 6 });
    const { result } = await runExport(bitbucket, { file, reading: { parse }, isResumed: true });
    expect(result).toMatchObject({
      pipelines: 3,
      problems: ['bitbucket-pipelines.yml of acme/shop at shop-2 takes longer than 3 s to read, so it is not read'],
      unlabelled: 3,
    });
  });

  it('tells how far it is, from nothing to all', async () => {
    const bitbucket = await startPast({ shop: 30, site: 30 });
    const { progress } = await runExport(bitbucket, { file: path.join(await directory(), 'acme.jsonl') });
    const shares = progress.map(({ share }) => share);
    expect(shares).toEqual(shares.toSorted((one, other) => one - other));
    expect(shares[0]).toBeLessThan(0.1);
    expect(shares.at(-1)).toBeGreaterThan(0.8);
    expect(shares.at(-1)).toBeLessThanOrEqual(1);
  });
});

describe('an export that is broken off', () => {
  it('comes to the same file, whichever call it was killed before, and reads no other pipeline twice', async () => {
    const bitbucket = await startPast({ shop: 5, site: 2 });
    const into = await directory();
    const whole = path.join(into, 'whole.jsonl');
    const { calls } = await runExport(bitbucket, { file: whole });
    for (let dieAt = 1; dieAt <= calls; dieAt += 1) {
      bitbucket.forgetRequests();
      const file = path.join(into, `killed-${dieAt}.jsonl`);
      const first = await runExport(bitbucket, { file, dieAt });
      expect(first.result.message).toBe('killed');
      expect((await runExport(bitbucket, { file, isResumed: true })).result).toMatchObject({ steps: 14 });
      expect(await readFile(file, 'utf8')).toBe(await readFile(whole, 'utf8'));
      const read = bitbucket.requests.filter((request) => request.path.includes('/steps/'));
      // The one that it was killed over is read again, if that was between its two calls.
      expect(read.length - new Set(read.map((request) => request.path)).size).toBeLessThanOrEqual(1);
    }
  });

  it('drops half a line that the killed process left behind', async () => {
    const bitbucket = await startPast({ shop: 5 });
    const file = path.join(await directory(), 'acme.jsonl');
    await runExport(bitbucket, { file, dieAt: 7 });
    await appendFile(`${file}.partial`, '{"kind":"pipeline","pipeline":{"uuid":"{half');
    expect((await runExport(bitbucket, { file, isResumed: true })).result.steps).toBe(10);
  });

  it('has no new pipelines when it goes on: its range is that of its beginning', async () => {
    const bitbucket = await startPast({ shop: 5 });
    const file = path.join(await directory(), 'acme.jsonl');
    await runExport(bitbucket, { file, dieAt: 6 });
    for (let number = 6; number < 12; number += 1) addPast(bitbucket, 'shop', number, NOW + number * MINUTE);
    const plan = { ...PLAN, from: PLAN.from + HOUR, to: NOW + HOUR };
    expect((await runExport(bitbucket, { file, isResumed: true, plan })).result).toMatchObject({
      steps: 10,
      from: PLAN.from,
      to: PLAN.to,
    });
  });

  it('stops after so many calls, and gets to its end in as many goes as that takes', async () => {
    const bitbucket = await startPast({ shop: 9 });
    const file = path.join(await directory(), 'acme.jsonl');
    const calls: number[] = [];
    let last = await runExport(bitbucket, { file, maxCalls: 5 });
    for (
      ;
      last.result.name === 'CallsSpent';
      last = await runExport(bitbucket, { file, maxCalls: 5, isResumed: true })
    ) {
      calls.push(last.calls);
    }
    expect(calls.every((made) => made === 5)).toBe(true);
    expect(calls.length).toBeGreaterThan(3);
    expect(last.result.steps).toBe(18);
  });

  it.each([
    ['is there and nobody said to go on', { isResumed: false }, /was begun and stopped; go on with --resume/],
    ['is of another workspace', { plan: { ...PLAN, workspace: 'other' } }, /begun with another workspace/],
    ['is of other repositories', { plan: { ...PLAN, repositories: ['site'] } }, /begun with another workspace/],
    ['has real names', { plan: { ...PLAN, anonymised: true } }, /begun with another workspace/],
  ])('is not gone on with when it %s', async (_, over, message) => {
    const bitbucket = await startPast({ shop: 2 });
    const file = path.join(await directory(), 'acme.jsonl');
    await runExport(bitbucket, { file, dieAt: 4 });
    const { result } = await runExport(bitbucket, { file, isResumed: true, ...over });
    expect(result.name).toBe('InputError');
    expect(result.message).toMatch(message);
  });

  it('is done when its file is there: nothing is written over', async () => {
    const bitbucket = await startPast({ shop: 2 });
    const file = path.join(await directory(), 'acme.jsonl');
    expect(await findFinished(file, false)).toBeUndefined();
    await runExport(bitbucket, { file });
    await expect(findFinished(file, false)).rejects.toThrow(/is there already; name another file/);
    expect(await findFinished(file, true)).toMatchObject({ steps: 4, workspace: 'acme' });
    await writeFile(file, (await linesOf(file)).slice(0, -1).join('\n'));
    await expect(findFinished(file, true)).rejects.toThrow(/is no whole history/);
  });

  it('says so when its journal is something else', async () => {
    const bitbucket = await startPast({ shop: 1 });
    const file = path.join(await directory(), 'acme.jsonl');
    await writeFile(`${file}.partial`, 'hello\n');
    expect((await runExport(bitbucket, { file, isResumed: true })).result.message).toMatch(/delete it and export anew/);
  });
});

describe('the hourly calls', () => {
  it('are waited for: a quarter of them stays for the autoscaler', async () => {
    const bitbucket = await startPast({ shop: 20 });
    const file = path.join(await directory(), 'acme.jsonl');
    const { result, waits, calls } = await runExport(bitbucket, { file, limit: 20 });
    expect(result.steps).toBe(40);
    expect(calls).toBeGreaterThan(40);
    expect(waits[0]).toMatch(/^15 of 20 calls of the hour are used, \d+ s$/);
    expect(waits.length).toBeGreaterThanOrEqual(2);
  });

  it('that Bitbucket refuses with 429 are made later, and none is lost', async () => {
    const bitbucket = await startPast({ shop: 4 });
    bitbucket.script({ path: '/steps/', times: 4, reply: { status: 429 } });
    const file = path.join(await directory(), 'acme.jsonl');
    const { result, waits } = await runExport(bitbucket, { file });
    expect(result.steps).toBe(8);
    expect(waits).toEqual(['Bitbucket throttles the credential, 0 s', 'Bitbucket throttles the credential, 60 s']);
  });

  it('outlast a Bitbucket that is out of order, for a quarter of an hour', async () => {
    const bitbucket = await startPast({ shop: 1 });
    bitbucket.script({ path: '/steps/', times: 20, reply: { status: 503 } });
    const into = await directory();
    const patient = await runExport(bitbucket, { file: path.join(into, 'one.jsonl') });
    expect(patient.waits).toEqual([30, 60, 120, 240, 480].map((wait) => `Bitbucket does not answer, ${wait} s`));
    expect(patient.result.steps).toBe(2);
    bitbucket.script({ path: '/steps/', times: 24, reply: { status: 503 } });
    const { result } = await runExport(bitbucket, { file: path.join(into, 'two.jsonl') });
    expect(result.message).toMatch(/^Listing the steps .* failed \(tried 4 times\): Bitbucket answered 503/);
  });

  it.each([401, 403])('are not made again when Bitbucket says %d', async (status) => {
    const bitbucket = await startPast({ shop: 1 });
    bitbucket.script({ path: '/steps/', times: 9, reply: { status } });
    const { result, waits } = await runExport(bitbucket, { file: path.join(await directory(), 'acme.jsonl') });
    expect(result.name).toBe('ServiceError');
    expect(waits).toEqual([]);
  });
});

describe('an anonymised export', () => {
  it('has numbers for names, the same for the same, and the same steps', async () => {
    const bitbucket = await startPast({ 'secret-shop': 3, 'secret-site': 2 });
    bitbucket.script({ path: '/acme/secret-site/pipelines/', reply: { status: 404 } });
    const into = await directory();
    const file = path.join(into, 'anonymous.jsonl');
    await runExport(bitbucket, { file, plan: { ...PLAN, anonymised: true } });
    const text = await readFile(file, 'utf8');
    for (const name of ['acme', 'secret', 'shop', 'site', 'loopback']) expect(text).not.toContain(name);
    expect(await readdir(into)).toEqual(['anonymous.jsonl']);
    const history = await openHistory(file);
    const arrivals = await Array.fromAsync(history.arrivals);
    expect(new Set(arrivals.map(({ scope }) => `${scope.workspace} ${scope.repository}`))).toEqual(
      new Set(['workspace repository-1', 'workspace repository-2']),
    );
    expect(new Set(arrivals.flatMap(({ labels }) => labels))).toEqual(
      new Set(['label-1', 'linux', 'linux.arm64', 'self.hosted']),
    );
    expect(arrivals).toHaveLength(8);
    expect(history.summary()).toMatchObject({
      skipped: {},
      gapCount: 1,
      header: { anonymised: true, workspace: 'workspace' },
    });
  });
});
