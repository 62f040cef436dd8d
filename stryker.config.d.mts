/** What is mutated: patterns, of which those that begin with `!` take away from the ones before. */
export declare const mutate: readonly string[];

declare const configuration: {
  readonly mutate: readonly string[];
  readonly plugins: readonly string[];
  readonly reporters: readonly string[];
  readonly thresholds: { readonly high: number; readonly low: number; readonly break: number };
  readonly tempDirName: string;
};

export default configuration;
