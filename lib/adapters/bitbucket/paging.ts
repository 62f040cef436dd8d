/**
 * Reading a list of runners to its end. Half a list is worse than none: a runner that is missing from it looks like
 * one that is gone, so everything that could hide one is an error.
 */
import type { z } from 'zod';
import { ServiceError } from '#core/errors.ts';
import { parseAnswer, type RunnerDocument, RunnerPage, withBraces } from './answers.ts';
import type { BitbucketClient, Call } from './client.ts';
import { unusableAnswer } from './failure.ts';

type RunnerDocuments = readonly z.output<typeof RunnerDocument>[];

/** More pages than any workspace has; it ends a server that always knows one more. */
const MOST_PAGES = 500;

/** Every runner on all pages from `first` on, each once. Throws ServiceError when the pages do not make one list. */
export async function readAllPages(client: BitbucketClient, first: Call): Promise<RunnerDocuments> {
  const runners = new Map<string, RunnerDocuments[number]>();
  const sizes = new Set<number>();
  const visited = new Set<string>();
  for (let path: string | undefined = first.path; path !== undefined; ) {
    if (visited.has(path) || visited.size === MOST_PAGES) throw endless(first, visited.size);
    visited.add(path);
    const answer = await client.send({ ...first, path });
    const page: z.output<typeof RunnerPage> = parseAnswer(RunnerPage, answer, first.doing);
    for (const runner of page.values) runners.set(withBraces(runner.uuid), runner);
    if (typeof page.size === 'number') sizes.add(page.size);
    path = nextPath(client, page.next, first.doing);
  }
  // A size that differs from page to page is a change too: what moved up to a page already read was never seen.
  for (const size of sizes) if (size !== runners.size) throw changed(first, runners.size, [...sizes]);
  return [...runners.values()];
}

function nextPath(client: BitbucketClient, next: string | null | undefined, doing: string): string | undefined {
  if (next === undefined || next === null || next === '') return undefined;
  try {
    return client.pathOf(next);
  } catch {
    throw unusableAnswer(doing, 'the link to the next page is not an address; the next tick looks again');
  }
}

function endless(call: Call, pages: number): ServiceError {
  return unusableAnswer(
    call.doing,
    `the list does not end, after ${pages} pages it leads on to more; the next tick looks again`,
  );
}

function changed(call: Call, seen: number, sizes: readonly number[]): ServiceError {
  return new ServiceError(
    `${call.doing} failed: the list changed while being read (${seen} different runners, Bitbucket states ${sizes.join(' and then ')}); the next tick looks again.`,
    { service: 'bitbucket', outcome: 'unknown' },
  );
}
