/** Tokens that `aws eks get-token` printed for made-up keys at fixed times; vectors.json says how they were recorded. */
import { readFileSync } from 'node:fs';

export type Vector = {
  readonly name: string;
  readonly clusterName: string;
  readonly region: string;
  readonly at: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly token: string;
};

export const { vectors } = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as {
  readonly vectors: readonly Vector[];
};
