/** Builds the programs from their Go modules, in versions that `binaries/go.mod` and `go.sum` pin. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { GO_MODULE } from './assets.ts';

/** What a build needs of the world. */
export type BuildOptions = {
  /** Where the programs go. */
  readonly directory: string;
  /** `v1.X.Y` */
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  /** Told of each package that has been compiled. */
  readonly onPackage: () => void;
};

/** Lines of the compiler that go into an error. */
const TAIL = 5;

/** Runs `go build`. Throws an Error with one clause that says why not; its `cause` is ENOENT when there is no `go`. */
export async function buildPrograms({ directory, version, env, onPackage }: BuildOptions): Promise<void> {
  const go = spawn(
    'go',
    [
      'build',
      '-v',
      '-trimpath',
      '-o',
      `${directory}/`,
      `-ldflags=-s -w -X k8s.io/component-base/version.gitVersion=${version}`,
      'k8s.io/kubernetes/cmd/kube-apiserver',
      'k8s.io/kubernetes/cmd/kube-controller-manager',
      './etcd',
    ],
    {
      cwd: GO_MODULE,
      // The caller's flags and workspace are for the caller's own modules; proxies and caches stay as they are.
      env: { ...env, GOFLAGS: '-mod=readonly -buildvcs=false', GOWORK: 'off', CGO_ENABLED: '0', GOOS: '', GOARCH: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const said: string[] = [];
  createInterface(go.stderr).on('line', (line) => {
    // With -v each compiled package is a line; downloads say so, and everything else is an error.
    if (/^[\w./@-]+$/.test(line)) onPackage();
    else if (!line.startsWith('go: downloading ')) said.push(line);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    go.on('error', (cause) => reject(new Error('there is no "go" on the PATH', { cause })));
    go.on('close', resolve);
  });
  if (code !== 0) throw new Error(`"go build" failed (${said.slice(-TAIL).join(' ').trim() || `exit code ${code}`})`);
}
