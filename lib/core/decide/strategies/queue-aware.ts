/** As many runners as there is work: where the waiting steps were counted nothing is guessed, and nothing doubles. */
import * as z from 'zod';
import { type Finding, type Path, problem, warning } from '#yaml/finding.ts';
import type { QueueSource } from '../../model/configuration.ts';
import type { Outlook } from '../experience.ts';
import {
  BUFFER_PARAMETERS,
  type Buffer,
  bufferFor,
  bufferIn,
  checkBuffer,
  keepsOneIdle,
  runsLow,
  stayOfBuffer,
  wishOfBuffer,
} from './idle-buffer.ts';
import { atLeast, reasonsIn, type Strategy, type Wish, type WrittenGroup } from './strategy.ts';

/** As many runners as there is work: busy + waiting steps where they can be counted, else as `idleBuffer`. */
export type QueueAware = Buffer & {
  readonly kind: 'queueAware';
  /** Where the steps of a workspace's group come from; a repository's group looks at its own repository only. */
  readonly repositories: QueueSource;
};

/** The most repositories of all groups together that a tick looks at, and of what a query finds. */
export const MOST_REPOSITORIES = 50;

/** Keys of a group that say where its queue is. */
const QUEUE_KEYS = ['repositories', 'repositoryQuery'] as const;

const Written = z.object({
  repository: z.string().nullish(),
  repositories: z.array(z.string()).optional(),
  repositoryQuery: z.string().optional(),
});

const words = {
  'queue-counted': (v: { busy: number; waiting: number; buffer: number; wanted: number }) =>
    `${v.busy} busy, ${v.waiting} waiting and a buffer of ${v.buffer} make ${v.wanted}`,
};

const because = reasonsIn(words);

/** Following the queue as a strategy. */
export const queueAware: Strategy<QueueAware, typeof words> = {
  kind: 'queueAware',
  parameters: BUFFER_PARAMETERS,
  groupKeys: QUEUE_KEYS,
  check: checkBuffer,
  checkGroup,
  settings: (written) => ({ kind: 'queueAware', ...bufferIn(written), repositories: sourceIn(written.group) }),
  stay: stayOfBuffer,
  keepsAwake: keepsOneIdle,
  queue: {
    source: ({ repositories }) => repositories,
    // Where nothing is online a step fails at once, so that nothing waits.
    isNeeded: (buffer, counts, early) => runsLow(buffer, counts) || (early && counts.busy + counts.idle > 0),
  },
  wish: (settings, counts, min, waiting) =>
    waiting === undefined ? wishOfBuffer(settings, counts, min) : wishOfQueue(settings, counts, min, waiting),
  words,
};

/** A runner for every step that runs or waits, and the buffer on top for those that come next. */
function wishOfQueue(settings: Buffer, counts: Outlook, min: number, waiting: number): Wish {
  const { busy, idle } = counts;
  // A free runner takes a step within moments. So while steps wait, runners that look idle are at work, and their marks are
  // late: all of them where more steps wait than there are of them, else as many as steps wait, which do not go.
  const atWork = waiting > idle ? idle : Math.min(waiting, idle - waiting);
  const buffer = Math.max(bufferFor(settings, counts), atWork);
  const wanted = busy + waiting + buffer;
  const values = { busy, waiting, buffer, wanted };
  return atLeast(min, counts, { working: wanted, because: because('queue-counted', values) });
}

/** Keys that have no meaning here, that exclude each other, or that say one thing twice. */
function checkGroup(path: Path, group: WrittenGroup['group'], present: readonly string[]): readonly Finding[] {
  // Stryker disable next-line ArrayDeclaration: about one name there is nothing to say either.
  const { repository, repositories: names = [] } = Written.parse(group);
  const given = QUEUE_KEYS.filter((key) => present.includes(key));
  if (repository) {
    const message = `belongs to groups of a workspace; this one looks at its own repository, "${repository}": remove the key`;
    return given.map((key) => problem([...path, key], message, 'key'));
  }
  if (given.length === QUEUE_KEYS.length) {
    return [problem([...path, 'repositoryQuery'], 'excludes repositories; keep one of them', 'key')];
  }
  const first = new Map(names.map((name, index) => [name, index] as const).reverse());
  const repeated = names.flatMap((name, index) =>
    first.get(name) === index
      ? []
      : [problem([...path, 'repositories', index], `"${name}" is in the list already; remove one of them`)],
  );
  if (names.length <= MOST_REPOSITORIES) return repeated;
  const message = `names ${names.length} repositories, but a tick looks at ${MOST_REPOSITORIES} at most, of all groups together, so what waits in the others stays unknown; name those that matter, or use repositoryQuery`;
  return [...repeated, warning([...path, 'repositories'], message)];
}

/** The repositories that a valid group says. */
function sourceIn(group: WrittenGroup['group']): QueueSource {
  const { repository, repositories, repositoryQuery: query } = Written.parse(group);
  if (repository) return { kind: 'named', names: [repository] };
  if (repositories !== undefined) return { kind: 'named', names: repositories };
  return query === undefined ? { kind: 'query' } : { kind: 'query', query };
}
