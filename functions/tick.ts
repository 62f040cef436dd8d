/**
 * One tick of an invocation. Clients outlive the invocation, since a warm function is called every minute; the clock is
 * read here, once per tick, and nowhere further in.
 */
import { randomUUID } from 'node:crypto';
import { expiryCircumstances } from '#adapters/credential-expiry.ts';
import { knownExpiries } from '#adapters/credentials.ts';
import { readEnvironment } from '#adapters/environment.ts';
import { type LocalConnectors, secretsOf, wire } from '#adapters/wiring.ts';
import { InputError } from '#core/errors.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Mode, Report } from '#core/model/report.ts';
import { reconcile } from '#core/reconcile.ts';
import type { Circumstances } from '#core/report.ts';
import { type Configuration, createConfigurationLoader } from './configuration.ts';
import type { TickEvent } from './event.ts';

/** A lease outlives the invocation that took it by this much: whatever a killed one has begun is over by then. */
const LEASE_MARGIN_MS = 5_000;

/** An action that begins with less than this left may be cut off by the function's time-out. */
const ACTION_TAKES_MS = 15_000;

/** A function has neither a kubeconfig nor a disk that outlives it. */
const NOTHING_LOCAL: LocalConnectors = {
  connectKubeconfig: async () => {
    throw new InputError(
      'it is reached through a kubeconfig, which a function does not read; write "eks: { name: … }" under "clusters" or set EKS_CLUSTER_NAME, or run the autoscaler as a process with "runner-autoscaler run"',
    );
  },
  openDatabase: async (path) => {
    throw new InputError(
      `State database ${path} would end with the function; set STATE_STORE to dynamodb:TABLE, or run the autoscaler as a process with "runner-autoscaler run"`,
    );
  },
};

/** What ticks act through, for as long as the process lives. */
export type Doors = ReturnType<typeof openFunction>;

/** Throws `InputError` when the environment is wrong or names no configuration. */
export function openFunction() {
  const environment = readEnvironment();
  const wiring = wire(environment, NOTHING_LOCAL);
  return {
    openPorts: wiring.openPorts,
    instruments: wiring.instruments,
    credentialNotes: wiring.credentialNotes,
    loadConfiguration: createConfigurationLoader({ ...wiring.configuration(), openState: wiring.openState }),
    expiriesOf: (fleet: Fleet) => knownExpiries(secretsOf(fleet, environment)),
  };
}

/** What an invocation asks of each of its ticks. */
export type TickOrder = {
  readonly request: TickEvent;
  readonly mode: Mode;
  readonly configuration: Configuration;
  /** Time until the process is stopped. */
  readonly remainingMs: () => number;
};

/** Runs a tick; it throws what `reconcile` throws. */
export async function runTick(doors: Doors, order: TickOrder): Promise<Report> {
  const { request, mode, configuration, remainingMs } = order;
  const { groups, shard } = request;
  const { fleet } = configuration;
  const start = performance.now();
  const now = Date.now();
  return await reconcile(
    {
      fleet,
      mode,
      now,
      // Not the request id: a delivery that arrives twice has it twice, and the lease could not tell the two apart.
      tickId: randomUUID(),
      leaseTtlMs: remainingMs() + LEASE_MARGIN_MS,
      elapsedMs: () => performance.now() - start,
      hasTime: () => remainingMs() > ACTION_TAKES_MS,
      circumstances: () => circumstancesOf(configuration, doors, now),
      ...(groups === undefined ? {} : { groups }),
      ...(shard === undefined ? {} : { shard }),
    },
    await doors.openPorts(fleet, mode),
  );
}

function circumstancesOf({ fleet, circumstances }: Configuration, doors: Doors, now: Instant): Circumstances {
  const { notes, credential } = expiryCircumstances(doors.expiriesOf(fleet), now);
  const told = [...circumstances.notes, ...notes, ...doors.credentialNotes(fleet)];
  return { ...circumstances, ...(credential && { credential }), notes: told };
}
