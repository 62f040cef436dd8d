/**
 * Registrations that `doctor --probe` makes to see how Bitbucket treats them, and removes. They are known by their name
 * and never run anything, so that a tick can remove one that outlived its probe.
 */
import { sentenceOf } from './errors.ts';
import type { Scope } from './model/configuration.ts';
import type { Instant, Runner } from './model/observation.ts';
import type { Ports } from './ports.ts';
import { scopeKey } from './scope.ts';
import { MINUTE_MS } from './time.ts';

/** How their names begin. */
const SCRATCH_PREFIX = 'autoscaler-probe-';

/** Longer than any probe takes: one that is older has been left behind. */
const PROBE_TAKES_MS = 10 * MINUTE_MS;

/** What a runner that ever connected is; it is somebody's, whatever its name. */
const CONNECTED: readonly Runner['status'][] = ['ONLINE', 'OFFLINE', 'UNHEALTHY', 'UNKNOWN'];

/** A registration that a probe left behind. */
export type ScratchRunner = { readonly scope: Scope; readonly uuid: string };

/** The name of a scratch registration; `id` tells it from others. */
export function scratchName(id: string): string {
  return `${SCRATCH_PREFIX}${id}`;
}

/** Whether a registration of that name is a probe's. */
export function isScratch(name: string): boolean {
  return name.startsWith(SCRATCH_PREFIX);
}

/** Of runners that no group has, those that a probe left behind. `scope`: as `scopeKey` writes it. */
export function leftScratch(
  strays: readonly { readonly scope: string; readonly runner: Runner }[],
  scopes: readonly { readonly scope: Scope }[],
  now: Instant,
): readonly ScratchRunner[] {
  return scopes.flatMap(({ scope }) =>
    strays
      .filter((stray) => stray.scope === scopeKey(scope) && isLeft(stray.runner, now))
      .map(({ runner }) => ({ scope, uuid: runner.uuid })),
  );
}

/** Removes them; what fails is left to the next tick. Gives sentences for the report. */
export async function removeScratch(
  scratch: readonly ScratchRunner[],
  { runners }: Pick<Ports, 'runners'>,
): Promise<{ readonly notes: readonly string[]; readonly problems: readonly string[] }> {
  const problems: string[] = [];
  const notes: string[] = [];
  for (const { scope, uuid } of scratch) {
    try {
      await runners.remove(scope, uuid);
      notes.push(`Runner ${uuid} of ${scopeKey(scope)}, which a probe of "doctor" had left behind, was removed.`);
    } catch (error) {
      problems.push(sentenceOf(error));
    }
  }
  return { notes, problems };
}

function isLeft({ name, status, hasStep, createdAt }: Runner, now: Instant): boolean {
  return isScratch(name) && !CONNECTED.includes(status) && !hasStep && now - createdAt > PROBE_TAKES_MS;
}
