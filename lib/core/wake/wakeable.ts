/** Groups that pipelines may ask for runners, and how their repositories are reached. Pure. */
import type { RunnerGroup, Scope } from '../model/configuration.ts';

/** A group that can be woken. */
export type Wakeable = RunnerGroup & Required<Pick<RunnerGroup, 'wake'>>;

/** Whether it is one. */
export function isWakeable(group: RunnerGroup): group is Wakeable {
  return group.wake !== undefined;
}

/** The group's own name of the workspace of a repository in `wake.from`: with it go the credential and the budget of the group. */
export function reached({ repository }: Required<Scope>, { scope: { workspace } }: RunnerGroup): Required<Scope> {
  return { workspace, repository };
}
