/**
 * The files of this repository that are made from its code. Each entry says where a file lies and how its text is made;
 * `generate.ts` writes them, and a test fails when one is out of date.
 */
import { jsonSchema } from '../lib/config/schema.ts';

/** A generated file: its path from the root of the repository, and its text. */
export type GeneratedFile = {
  readonly file: string;
  readonly generate: () => string | Promise<string>;
};

/** Every generated file. */
export const generatedFiles: readonly GeneratedFile[] = [
  { file: 'docs/configuration.schema.json', generate: () => `${JSON.stringify(jsonSchema(), null, 2)}\n` },
];
