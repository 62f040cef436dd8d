/** What the containers of a pod are, told by what they do: templates name and order them as they like. */
import { type Fields, listOf, recordOf } from '#yaml/values.ts';

/** A container of a pod; only those of `initContainers` with "restartPolicy: Always" live as long as the others. */
export type ContainerOfPod = { readonly item: Fields; readonly isInit: boolean };

/** All containers of a pod, those that start first at the beginning. */
export function containersOf(pod: Fields): readonly ContainerOfPod[] {
  const among = (key: string, isInit: boolean) => listOf(pod[key]).map((item) => ({ item: recordOf(item), isInit }));
  return [...among('initContainers', true), ...among('containers', false)];
}

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

/** The Docker daemon, by its image; where no image tells, what is privileged and lives beside the runner. */
export function dockerAmong<Container extends ContainerOfPod>(containers: readonly Container[]): readonly Container[] {
  const others = containers.filter(({ item }) => !isRunner(item));
  const byImage = others.filter(({ item }) => hasDockerImage(item));
  return byImage.length > 0 ? byImage : others.filter(isPrivilegedForLong);
}

function isPrivilegedForLong({ item, isInit }: ContainerOfPod): boolean {
  return recordOf(item.securityContext).privileged === true && (!isInit || item.restartPolicy === 'Always');
}

function knowsItsUuid({ env }: Fields): boolean {
  return listOf(env).some((variable) => recordOf(variable).name === 'RUNNER_UUID');
}

function hasRunnerImage({ image }: Fields): boolean {
  return /bitbucket-pipelines-runner/.test(String(image));
}

function hasDockerImage({ image }: Fields): boolean {
  return typeof image === 'string' && /(?:^|\/)docker(?::|@|$)|\bdind\b/.test(image);
}
