/** A policy: something that decides about runners in a simulated world. */
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import type { Manifest, Ports } from '#core/ports.ts';
import { bareUuid } from '#core/uuid.ts';
import { GROUP_ANNOTATION, jobName, RUNNER_LABEL, secretName } from '#manifests/naming.ts';
import type { Step } from '../simulator/step.ts';
import type { World } from '../simulator/world.ts';

/** What a policy acts in. */
export type Stage = {
  readonly world: World;
  /** Ports into the world on which outages fall. */
  readonly ports: Ports;
  /** The same for a policy that does not count its calls. */
  readonly barePorts: Ports;
  /** To be given every report, where a policy makes them. */
  readonly onReport: (report: Report) => void;
};

/** A policy at work. */
export type Actor = {
  /** A look at the world, and what follows from it. */
  readonly tick?: () => Promise<void>;
  /** Bitbucket tells of an event. */
  readonly told?: () => Promise<void>;
  /** A step waits, runs, or has ended. */
  readonly stepChanged?: (step: Step) => void;
  /** A runner is online and there is no step for it. */
  readonly rested?: (uuid: string) => void;
};

/** A policy that can be tried: how often it looks, and how it is put to work in a world. */
export type Policy = {
  readonly name: string;
  readonly tickMs: number;
  readonly open: (stage: Stage) => Actor;
};

/** The Job and the Secret of a runner of a policy that has no Job template: what the world needs, and no more. */
export function bareManifests(uuid: string, group: RunnerGroup): { readonly job: Manifest; readonly secret: Manifest } {
  return {
    job: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: jobName(uuid),
        labels: { [RUNNER_LABEL]: bareUuid(uuid) },
        annotations: { [GROUP_ANNOTATION]: group.name },
      },
    },
    secret: { apiVersion: 'v1', kind: 'Secret', metadata: { name: secretName(uuid) } },
  };
}
