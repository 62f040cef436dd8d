/** What the containers of a pod are, told by what they do: templates name and order them as they like. */
import { type Fields, listOf, recordOf } from '#yaml/values.ts';

/** A container with what tells whether it lives as long as the pod. */
type Container = { readonly item: Fields; readonly isInit: boolean };

/** Whether the container is a runner: it is told which one it is, or has the image of Bitbucket's runner. */
export function isRunner(container: Fields): boolean {
  return knowsItsUuid(container) || hasRunnerImage(container);
}

/** Which of a pod's containers is the runner; where nothing tells, the one of that name, else the first. */
export function runnerIndex(containers: readonly unknown[]): number {
  const fields = containers.map(recordOf);
  const found = [knowsItsUuid, hasRunnerImage, ({ name }: Fields) => name === 'runner'].map((is) =>
    fields.findIndex(is),
  );
  return found.find((index) => index >= 0) ?? 0;
}

/** Whether the container is the Docker daemon: by its image, or as what is privileged and lives beside the runner. */
export function isDocker(container: Container): boolean {
  const { image, securityContext, restartPolicy } = container.item;
  if (isRunner(container.item)) return false;
  if (typeof image === 'string' && /(?:^|\/)docker(?::|@|$)|\bdind\b/.test(image)) return true;
  return recordOf(securityContext).privileged === true && (!container.isInit || restartPolicy === 'Always');
}

function knowsItsUuid({ env }: Fields): boolean {
  return listOf(env).some((variable) => recordOf(variable).name === 'RUNNER_UUID');
}

function hasRunnerImage({ image }: Fields): boolean {
  return /bitbucket-pipelines-runner/.test(String(image));
}
