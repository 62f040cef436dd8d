/** One of every strategy, with the stabilisation window that it has by default. */
import type { RunnerGroup, Strategy } from '#core/model/configuration.ts';
import { GUIDE } from './fleet.ts';

const buffer = { idleCount: 1, scaleFactor: 0.5, scaleFactorLimit: 3 };

type OfGroup<Kind> = Pick<RunnerGroup, 'stabilisationWindowMs'> & {
  readonly strategy: Extract<Strategy, { kind: Kind }>;
};

/** By kind: a strategy that is added to the union does not compile until it is here. */
export const STRATEGIES: { readonly [Kind in Strategy['kind']]: OfGroup<Kind> } = {
  percentageRunnersIdle: { strategy: GUIDE, stabilisationWindowMs: 0 },
  idleBuffer: { strategy: { kind: 'idleBuffer', ...buffer }, stabilisationWindowMs: 300_000 },
  queueAware: {
    strategy: { kind: 'queueAware', ...buffer, repositories: { kind: 'query' } },
    stabilisationWindowMs: 300_000,
  },
};
