/** Floors of pipelines as time goes by: kept while the pipeline runs that asked, and over when it has ended. */
import { parseWakeMemory, wakeMemoryKey } from '../memory.ts';
import type { Instant } from '../model/observation.ts';
import type { MemoryChange, MemoryDocument, Ports } from '../ports.ts';
import { MINUTE_MS } from '../time.ts';
import type { WakeAsk } from './asks.ts';
import { reached, type Wakeable } from './wakeable.ts';

/** A floor that runs out within it is kept if its pipeline still runs: five ticks, of which several may fail or not come. */
const ENDING_MS = 5 * MINUTE_MS;

/** A pipeline that has just begun may not be in any list yet: what it asked for lasts for so long at least. */
const NEW_FOR_MS = 3 * MINUTE_MS;

/** Runners of a group that are idle, and those that show a step, be they in service or not. */
type Counts = { readonly idle: number; readonly steps: number };

/**
 * Floors that would run out although their pipelines still run last for another `wake.for`; those that keep runners idle
 * although their pipelines have ended are over. Where nobody can tell, the latest that asked are taken to run, for as many
 * runners as show a step: others that are over would keep runners idle for as long as anybody works.
 * Where the group itself could not be seen (`counts` undefined), none runs out: nothing would be let go before it is seen
 * again, and then the pipelines are, too.
 */
export async function settleFloors(
  group: Wakeable,
  document: MemoryDocument | undefined,
  counts: Counts | undefined,
  ports: Ports,
  now: Instant,
): Promise<readonly MemoryChange[]> {
  const { name, wake } = group;
  const asks = parseWakeMemory(document?.value);
  const isEnding = ({ until }: WakeAsk) => until - now <= ENDING_MS;
  // By both: `wake.for` may have changed since, and a floor that was renewed is as young as that.
  const isOld = ({ until, askedAt = 0 }: WakeAsk) => now - Math.max(askedAt, until - wake.forMs) >= NEW_FOR_MS;
  const hasIdle = counts !== undefined && counts.idle > 0;
  const inQuestion = asks.filter(
    (ask) => ask.pipeline !== undefined && ask.until > now && (isEnding(ask) || (hasIdle && isOld(ask))),
  );
  // Stryker disable next-line ConditionalExpression: of nothing that was asked, nothing is settled.
  if (document === undefined) return [];
  const isRunning = counts === undefined ? () => true : await readPipelines(inQuestion, group, ports);
  const runs = new Map(inQuestion.map((ask) => [ask, isRunning(ask)]));
  let kept = runnersOf(asks.filter((ask) => runs.get(ask) === true || !isEnding(ask)));
  for (const ask of inQuestion.filter((one) => isEnding(one) && runs.get(one) === undefined).reverse()) {
    // Stryker disable next-line OptionalChaining: where nobody saw the group, all that is in question is taken to run.
    if (kept >= (counts?.steps ?? 0)) break;
    runs.set(ask, true);
    kept += ask.runners;
  }
  const settled = asks.map((ask) => {
    if (runs.get(ask) === false && isOld(ask)) return { ...ask, until: now, isOver: true as const };
    if (runs.get(ask) !== true || !isEnding(ask)) return ask;
    const until = now + wake.forMs;
    return { ...ask, until, knownUntil: Math.max(until, ask.knownUntil) };
  });
  if (settled.every((ask, index) => ask === asks[index])) return [];
  return [{ key: wakeMemoryKey(name), expectedVersion: document.version, value: { asks: settled } }];
}

function runnersOf(asks: readonly WakeAsk[]): number {
  return asks.reduce((sum, { runners }) => sum + runners, 0);
}

/**
 * Tells of an ask whether its pipeline runs; undefined where that cannot be seen: a credential may lack the right, and a
 * list may not be whole.
 */
async function readPipelines(asks: readonly WakeAsk[], group: Wakeable, { pipelines }: Ports) {
  const repositories = [...new Set(asks.map(({ by }) => by))];
  const read = await Promise.all(
    repositories.map(async (by) => {
      // Stryker disable next-line StringLiteral: whoever asks is written as workspace and repository.
      const [workspace = '', repository = ''] = by.split('/');
      const scope = reached({ workspace, repository }, group);
      return [by, await pipelines.openPipelines(scope).catch(() => undefined)] as const;
    }),
  );
  const open = new Map(read);
  return ({ by, pipeline }: WakeAsk): boolean | undefined => {
    // Stryker disable next-line ArrayDeclaration: what is no pipeline is not the one that asked.
    const { pipelines: running = [], isWhole = false } = open.get(by) ?? {};
    return running.some(({ uuid }) => uuid === pipeline) || (isWhole ? false : undefined);
  };
}
