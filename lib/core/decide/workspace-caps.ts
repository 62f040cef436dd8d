/** The caps of workspaces: on registrations, then on build slots in use at once. Pure. */
import type { WorkspaceObservation } from '../model/observation.ts';
import { reason } from '../reasons.ts';
import type { Cap } from './caps.ts';

/** The caps that hold in one workspace. */
export function workspaceCaps({
  workspace,
  registrations,
  assumed,
  maxRunners,
  slots,
}: WorkspaceObservation): readonly Cap[] {
  const workspaces = [workspace];
  const registered = { registrations, ...(assumed !== undefined && { assumed }) };
  const byRegistrations: Cap = {
    workspaces,
    room: maxRunners - registrations,
    explain: (withheld) => reason('workspace-cap', { cap: maxRunners, ...registered, withheld }),
  };
  if (slots?.max === undefined) return [byRegistrations];
  const { max: cap, committed, peak } = slots;
  const bySlots: Cap = {
    workspaces,
    room: cap - committed,
    explain: (withheld) => reason('peak-cap', { cap, committed, peak: peak.runners, withheld }),
  };
  return [byRegistrations, bySlots];
}
