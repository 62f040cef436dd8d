import type { Metafile } from 'esbuild';

/** Builds the functions and the command line into `outdir`, by default dist/, and gives esbuild's account of it. */
export declare function bundle(outdir?: string): Promise<Metafile>;

/** Builds the functions alone. */
export declare function bundleFunctions(outdir?: string): Promise<Metafile>;

/** Builds any programs of this repository as the product is built: output name → source. */
export declare function bundlePrograms(
  entryPoints: Readonly<Record<string, string>>,
  outdir: string,
): Promise<Metafile>;
