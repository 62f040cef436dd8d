/**
 * The configuration of a tick: the present one, or, when that cannot be used, the last good one. Good texts are kept in
 * this process while it is warm, and in the state store for the ones that come after it.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import * as z from 'zod';
import {
  describeFallback,
  describeRefusal,
  type GoodConfiguration,
  goodConfiguration,
  isRefusal,
  isToBeSaved,
  isWhole,
  lastGoodKey,
  laterInForce,
  readFrom,
  rememberTexts,
  type SavedConfiguration,
} from '#config/last-good.ts';
import { type LoadDependencies, type LoadedFleet, loadFleet } from '#config/load.ts';
import { InputError, sentenceOf } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Mode } from '#core/model/report.ts';
import type { StateStore } from '#core/ports.ts';
import type { Circumstances } from '#core/report.ts';
import type { InputProblem } from '#yaml/problem.ts';

/** A fleet to run a tick over, and what the report has to say of where it comes from. */
export type Configuration = LoadedFleet & {
  readonly circumstances: Circumstances;
  /** What is wrong with the present configuration while the last good one is in force. */
  readonly problems: readonly InputProblem[];
};

/** Where the configuration lies, how its texts are read, and where good ones are kept. */
export type ConfigurationPlace = {
  readonly source: string;
  readonly loading: LoadDependencies;
  readonly openState: () => Promise<StateStore>;
};

/** What the state store holds; version 0 stands for nothing. */
type Stored = { readonly version: number; readonly saved?: SavedConfiguration };

/** DynamoDB's items hold 400 KB; this leaves room for the rest of the item. */
const MAX_PACKED_CHARACTERS = 380 * 1024;

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** Unpacked: a configuration and its templates are read up to 4 MB each. */
const LIMIT = { maxOutputLength: 16 * 1024 * 1024 };

/**
 * A loader for tick after tick. It throws what `loadFleet` throws when there is no last good configuration either. A
 * dry run (`plan`) may use what is kept, and keeps nothing.
 */
export function createConfigurationLoader(place: ConfigurationPlace) {
  const memory = keepConfigurations(place);
  return async ({ now, mode }: { readonly now: Instant; readonly mode: Mode }): Promise<Configuration> => {
    const { texts, readText } = rememberTexts(place.loading.readText);
    let loaded: LoadedFleet;
    try {
      loaded = await loadFleet(place.source, { ...place.loading, readText });
    } catch (error) {
      const fallback = await fallBack(error, place, memory);
      if (fallback === undefined) throw error;
      return fallback;
    }
    const notes = mode === 'apply' && isWhole(loaded.fleet) ? await memory.keep(texts, now) : [];
    return { ...loaded, circumstances: { notes }, problems: [] };
  };
}

type Memory = ReturnType<typeof keepConfigurations>;

/** Undefined when there is nothing to fall back on, or when that cannot be used any more either. */
async function fallBack(
  error: unknown,
  { source, loading }: ConfigurationPlace,
  memory: Memory,
): Promise<Configuration | undefined> {
  if (!isRefusal(error)) return undefined;
  const good = await memory.recall();
  if (good === undefined) return undefined;
  const loaded = await loadFleet(source, { ...loading, readText: readFrom(good.texts) }).catch(() => undefined);
  if (loaded === undefined) return undefined;
  const refusal = describeRefusal(error);
  const inForceSince = new Date(good.since).toISOString();
  const note = describeFallback(refusal, `${inForceSince.slice(0, 16).replace('T', ' ')} UTC`);
  const problems = error instanceof InputError ? error.problems : [];
  return { ...loaded, circumstances: { configuration: { inForceSince, refusal }, notes: [note] }, problems };
}

function keepConfigurations({ source, openState }: ConfigurationPlace) {
  const key = lastGoodKey(source);
  let latest: GoodConfiguration | undefined;
  let stored: Stored | undefined;

  const read = async (): Promise<Stored> => {
    const document = (await (await openState()).load([key])).get(key);
    return document === undefined ? { version: 0 } : { version: document.version, saved: await unpack(document.value) };
  };

  /** Gives a sentence for the report when it could not be saved. */
  const save = async (good: GoodConfiguration, { version }: Stored, now: Instant): Promise<string | undefined> => {
    const saved = { ...good, savedAt: now };
    const value = await pack(saved);
    if (value.gzip.length > MAX_PACKED_CHARACTERS) {
      return `it has ${Math.ceil(value.gzip.length / 1024)} KB when compressed, more than a document of the state store holds; shorten the Job templates`;
    }
    const [unsaved] = await (await openState()).save([{ key, expectedVersion: version, value }], now);
    // Another shard has been here: what it has kept is looked at with the next tick.
    stored = unsaved === undefined ? { version: version + 1, saved } : undefined;
    return unsaved?.failure;
  };

  return {
    /** Keeps texts that make a good configuration. Gives the report's notes. */
    keep: async (texts: GoodConfiguration['texts'], now: Instant): Promise<readonly string[]> => {
      try {
        stored ??= await read();
        latest = goodConfiguration(texts, now, laterInForce(latest, stored.saved));
        if (!isToBeSaved(latest, stored.saved, now)) return [];
        const failure = await save(latest, stored, now);
        return failure === undefined ? [] : [describeUnsaved(source, failure)];
      } catch (error) {
        latest = goodConfiguration(texts, now, latest);
        return [describeUnsaved(source, sentenceOf(error))];
      }
    },
    /** The last good configuration that is known here or in the state store. */
    recall: async (): Promise<GoodConfiguration | undefined> => {
      // What the process knows has to do where the store cannot be read.
      const { saved } = await read().catch((): Stored => ({ version: 0 }));
      return laterInForce(saved, latest);
    },
  };
}

function describeUnsaved(source: string, failure: string): string {
  return `The configuration ${source} is not kept for the case that a later one is refused: ${failure}`;
}

/* Documents */

const PackedConfiguration = z.object({ since: z.number(), savedAt: z.number(), gzip: z.string() });
const Texts = z.record(z.string(), z.string());

async function pack({ since, savedAt, texts }: SavedConfiguration): Promise<z.output<typeof PackedConfiguration>> {
  return { since, savedAt, gzip: (await compress(JSON.stringify(texts))).toString('base64') };
}

/** Undefined for a document that this program did not write. */
async function unpack(value: unknown): Promise<SavedConfiguration | undefined> {
  const packed = PackedConfiguration.safeParse(value).data;
  if (packed === undefined) return undefined;
  try {
    const texts = Texts.parse(JSON.parse((await expand(Buffer.from(packed.gzip, 'base64'), LIMIT)).toString('utf8')));
    return { since: packed.since, savedAt: packed.savedAt, texts };
  } catch {
    return undefined;
  }
}
