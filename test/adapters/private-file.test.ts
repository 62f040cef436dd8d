/** Files with names of people's work: whose they are, and what is not followed. */
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { APPEND, openPrivate, writePrivate } from '#adapters/private-file.ts';
import { openDatabase } from '#adapters/state/sqlite-database.ts';
import { writeHistory } from '#tools/history/write.ts';
import { writePage } from '../../cli/page-file.ts';
import { sampleProduction } from '../tools/page/sample.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'private-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

it('is its owner’s alone, also where it was there before', async () => {
  const path = join(await folder(), 'file');
  await writeFile(path, 'a longer text');
  await chmod(path, 0o644);
  await writePrivate(path, 'text');
  expect([await readFile(path, 'utf8'), await modeOf(path)]).toEqual(['text', 0o600]);
  await using file = await openPrivate(path, APPEND);
  await file.appendFile(' more');
  expect(await readFile(path, 'utf8')).toBe('text more');
});

it('is not written through a link', async () => {
  const into = await folder();
  const [victim, link] = [join(into, 'victim'), join(into, 'link')];
  await writeFile(victim, 'precious');
  await symlink(victim, link);
  await symlink(victim, join(into, 'history.jsonl.tmp'));
  await symlink(join(into, 'nowhere'), join(into, 'state'));
  const content = { header: { workspace: 'acme' }, steps: [], gaps: [], omitted: {} } as never;
  const page = await sampleProduction();
  const attempts = [
    writePrivate(link, 'x'),
    openPrivate(link, APPEND),
    writePage(link, page),
    writeHistory(join(into, 'history.jsonl'), content),
    openDatabase(join(into, 'state'), {}).write(() => 0),
  ];
  const outcomes = await Promise.allSettled(attempts);
  expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
  expect(String(outcomes.map((each) => (each.status === 'rejected' ? each.reason.message : '')).slice(2))).toMatch(
    /link cannot be written: it is a symbolic link.*ELOOP.*State database .* cannot be used \(it is a symbolic link/s,
  );
  expect(await readFile(victim, 'utf8')).toBe('precious');
});
