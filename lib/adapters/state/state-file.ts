/**
 * The state file of earlier versions: one JSON document, and beside it tick records, one JSON document a line. It is
 * read once, when a database begins with what it holds, and never written.
 */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { InputError } from '#core/errors.ts';
import { jsonIn } from '#yaml/values.ts';
import { fileReason, isCode } from '../file-errors.ts';

/** What a state file holds. */
export type FormerState = {
  readonly path: string;
  readonly leases: readonly (readonly [name: string, lease: { readonly holder: string; readonly until: number }])[];
  readonly documents: readonly (readonly [key: string, document: z.infer<typeof Document>])[];
  readonly ticks: readonly { readonly at: number; readonly id: string; readonly json: string }[];
};

/** The way out where nothing of it can be read, with what that costs (docs/architecture.md, "What the state store keeps"). */
export const MOVE_AWAY =
  'restore a copy, or move it away to start without memory: cool-downs begin anew, and runners at places that no group has any more are no longer looked after';

const Document = z.object({ version: z.int().positive(), value: z.unknown(), expiresAt: z.number() });

const StateFile = z.object({
  format: z.literal(1),
  leases: z.record(z.string(), z.object({ holder: z.string(), until: z.number() })),
  documents: z.record(z.string(), Document),
});

const Tick = z.object({ at: z.number(), id: z.string() });

/** Undefined when there is none. Throws `InputError` when it cannot be read. */
export function readStateFile(path: string): FormerState | undefined {
  const text = readIfPresent(path);
  const ticks = [`${path}.ticks.jsonl.1`, `${path}.ticks.jsonl`].flatMap(readTicks);
  if (text === undefined) return ticks.length === 0 ? undefined : { path, leases: [], documents: [], ticks };
  const { data } = StateFile.safeParse(jsonIn(text));
  if (data === undefined) {
    throw new InputError(
      `State file ${path} is damaged or not a state file, so nothing was taken over from it; ${MOVE_AWAY}`,
    );
  }
  return { path, leases: Object.entries(data.leases), documents: Object.entries(data.documents), ticks };
}

/** A process that was killed may have left half a line, which must not hide the others. */
function readTicks(path: string): FormerState['ticks'] {
  return (readIfPresent(path) ?? '').split('\n').flatMap((json) => {
    const { data } = Tick.safeParse(jsonIn(json));
    return data === undefined ? [] : [{ ...data, json }];
  });
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return undefined;
    throw new InputError(`State file ${path} cannot be read (${fileReason(error, 'read it')})`, { cause: error });
  }
}
