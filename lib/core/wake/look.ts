/**
 * Looks between those of the schedule, because a pipeline asks for runners or Bitbucket tells of something. Many who ask
 * at once get one look; no look is lost that anybody counts on.
 */
import { parseWakeLook, wakeLookKey } from '../memory.ts';
import type { Instant } from '../model/observation.ts';
import type { StateStore } from '../ports.ts';
import { MINUTE_MS, SECOND_MS } from '../time.ts';

/** `floor`: more runners are asked for, which the look has to see. `hint`: one may be worth while. */
export type LookCause = 'floor' | 'hint';

/** Between two looks for hints, of whatever kind the first was. */
const HINTS_APART_MS = 15 * SECOND_MS;

/** A look that was asked for and did not begin in this time never will. */
const LOST_AFTER_MS = MINUTE_MS;

/**
 * Whether whoever asks is to begin a look at the workspace now. A floor has to be saved before: a look that is open reads
 * it later, and so does one that somebody opens or takes up meanwhile.
 */
export async function isLookDue(
  state: StateStore,
  workspace: string,
  cause: LookCause,
  now: Instant,
): Promise<boolean> {
  const key = wakeLookKey(workspace);
  const document = (await state.load([key])).get(key);
  const last = parseWakeLook(document?.value);
  const ageMs = last === undefined ? Infinity : now - last.at;
  if (last?.isOpen === true && ageMs < LOST_AFTER_MS) return false;
  if (cause === 'hint' && ageMs < HINTS_APART_MS) return false;
  const value = { at: now, isOpen: cause === 'floor' };
  const [unsaved] = await state.save([{ key, expectedVersion: document?.version ?? 0, value }], now);
  // One look too many costs less than none.
  return unsaved === undefined || unsaved.failure !== undefined;
}

/** Begins a look at the workspace, if one is due. One that cannot be begun is forgotten: whoever asks next begins it. */
export async function beginLook(
  state: StateStore,
  workspace: string,
  cause: LookCause,
  { now, look }: { readonly now: Instant; readonly look: (workspace: string) => Promise<void> },
): Promise<void> {
  if (!(await isLookDue(state, workspace, cause, now))) return;
  try {
    await look(workspace);
  } catch (error) {
    await forgetLook(state, workspace, now).catch(() => undefined);
    throw error;
  }
}

async function forgetLook(state: StateStore, workspace: string, now: Instant): Promise<void> {
  const key = wakeLookKey(workspace);
  const document = (await state.load([key])).get(key);
  await state.save([{ key, expectedVersion: document?.version ?? 0, value: { at: 0, isOpen: false } }], now);
}

/** Takes up the looks at these workspaces that are open: floors that are saved from now on need another. */
export async function takeUpLooks(state: StateStore, workspaces: readonly string[], now: Instant): Promise<void> {
  const documents = await state.load(workspaces.map(wakeLookKey));
  const changes = [...documents].flatMap(([key, { version, value }]) => {
    const look = parseWakeLook(value);
    return look?.isOpen === true ? [{ key, expectedVersion: version, value: { ...look, isOpen: false } }] : [];
  });
  await state.save(changes, now);
}
