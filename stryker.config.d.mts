/** What is mutated: patterns, of which those that begin with `!` take away from the ones before. */
export declare const mutate: readonly string[];
