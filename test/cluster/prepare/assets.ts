/**
 * Which programs make a control plane, of which version, and where they lie: in KUBEBUILDER_ASSETS, if that holds all
 * of them, or in this project's part of the user's cache, where `prepare.ts` puts them.
 */
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { userCache } from '#kit/user-cache.ts';

export const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;
export type Program = (typeof PROGRAMS)[number];

/** The Go module that pins every version and builds the programs. */
export const GO_MODULE = fileURLToPath(new URL('../binaries/', import.meta.url));

type Environment = Readonly<Record<string, string | undefined>>;

/** Kubernetes' version as `v1.X.Y`, from the one place that states it. */
export function kubernetesVersion(): string {
  const version = /^\tk8s\.io\/kubernetes (v[\d.]+)$/m.exec(readFileSync(join(GO_MODULE, 'go.mod'), 'utf8'))?.[1];
  if (version === undefined) throw new Error('test/cluster/binaries/go.mod requires no k8s.io/kubernetes');
  return version;
}

/** Where the programs of this version and machine are kept between runs. */
export function cacheDirectory(env: Environment): string {
  const kind = `${kubernetesVersion()}-${process.platform}-${process.arch}`;
  return join(userCache(env), 'control-plane', kind);
}

/** The programs that the directory does not hold. */
export function missingFrom(directory: string): readonly Program[] {
  return PROGRAMS.filter((program) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return false;
    } catch {
      return true;
    }
  });
}

/** The first directory that holds every program; undefined when none does. */
export function findAssets(env: Environment): string | undefined {
  return [env.KUBEBUILDER_ASSETS, cacheDirectory(env)].find(
    (directory) => directory !== undefined && directory !== '' && missingFrom(directory).length === 0,
  );
}
