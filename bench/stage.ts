/** The servers, the configuration and the child process of a measured tick. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LoopbackBitbucket, startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { type LoopbackKubernetes, startLoopbackKubernetes } from '#kit/loopback-kubernetes.ts';
import { bundlePrograms } from '../esbuild.config.mjs';

/** What to measure a tick over. */
export type Setting = {
  readonly workspaces: number;
  readonly groupsPerWorkspace: number;
  readonly min: number;
  readonly max: number;
  /** Registered in every group beforehand. `busy` of them carry a step. */
  readonly runners: number;
  readonly busy: number;
  readonly latencyMs: number;
  /** Where the groups' Job template is; absent: the built-in one. */
  readonly jobTemplate?: string;
};

/** A Bitbucket and a cluster on loopback with the setting's fleet in them. */
export type Stage = AsyncDisposable & {
  readonly bitbucket: LoopbackBitbucket;
  readonly kubernetes: LoopbackKubernetes;
  /** Runs a bundled program against the stage and gives its JSON line. */
  run<T>(program: string, ...args: readonly string[]): Promise<T>;
};

export async function openStage(setting: Setting): Promise<Stage> {
  const names = workspaceNames(setting);
  const bitbucket = await startLoopbackBitbucket({
    workspaces: Object.fromEntries(names.map((name) => [name, []])),
    maxRunners: 10_000,
  });
  const kubernetes = await startLoopbackKubernetes();
  const folder = await mkdtemp(join(tmpdir(), 'autoscaler-bench-'));
  const kubeconfig = await kubernetes.writeKubeconfig(folder);
  const config = join(folder, 'runners.yaml');
  await writeFile(config, configureFleet(names, bitbucket, setting));
  bitbucket.latencyMs = setting.latencyMs;
  kubernetes.latencyMs = setting.latencyMs;
  const env = {
    PATH: process.env.PATH,
    CONFIG_SOURCE: config,
    KUBECONFIG: kubeconfig,
    BITBUCKET_BASE_URL: bitbucket.url,
    ATLASSIAN_ACCOUNT_EMAIL: 'bench@example.com',
    ATLASSIAN_API_TOKEN: 'token',
  };
  return {
    bitbucket,
    kubernetes,
    run: (program, ...args) => runProgram(program, args, env),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([bitbucket.close(), kubernetes.close(), rm(folder, { recursive: true })]);
    },
  };
}

const BUNDLES = fileURLToPath(new URL('../.cache/bench/', import.meta.url));

/** Bundles the measured programs as the product is bundled: what is measured is what is deployed. */
export async function bundleBenchmarks(): Promise<void> {
  const programs = { tick: 'bench/tick-process.ts', pure: 'bench/pure-process.ts', queue: 'bench/queue-process.ts' };
  await bundlePrograms(programs, BUNDLES);
}

/**
 * The heap of a function of 512 MB, as its runtime limits it: on a larger machine V8 would let garbage lie for longer, and
 * its size would say how much memory there is instead of how much is needed.
 */
const HEAP_MEGABYTES = 460;

/** Runs a bundled program in a process of its own, with a function's heap, and gives the JSON that it prints. */
export function runProgram<T>(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<T> {
  const path = join(BUNDLES, `${program}.js`);
  const heap = `--max-old-space-size=${HEAP_MEGABYTES}`;
  const child = spawn(process.execPath, [heap, path, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(Buffer.concat(chunks).toString()) as T);
      else reject(new Error(`${program} ended with exit code ${code}; its message is above.`));
    });
  });
}

/** The workspaces of a setting, by name. */
export function workspaceNames({ workspaces }: Setting): readonly string[] {
  return Array.from({ length: workspaces }, (_, index) => (index === 0 ? 'acme' : `acme-${index}`));
}

/**
 * Registers the setting's runners and gives the configuration of their groups. Every workspace is named by uuid, as
 * after the first tick: its look-up is remembered, not made. Measured ticks come faster than minutes do; their hourly calls
 * are as many as lets each of them look.
 */
export function configureFleet(names: readonly string[], bitbucket: LoopbackBitbucket, setting: Setting): string {
  const { jobTemplate } = setting;
  const template = jobTemplate === undefined ? '' : ' jobTemplate: own,';
  const templates = jobTemplate === undefined ? [] : [`jobTemplates: { own: { source: "${jobTemplate}" } }`];
  const lines = [...templates, 'workspaces:'];
  const groups = ['groups:'];
  for (const name of names) {
    const uuid = bitbucket.uuidOf(name);
    lines.push(`  "${uuid}": { maxRunners: 10000, callsPerHour: 100000 }`);
    for (let index = 0; index < setting.groupsPerWorkspace; index += 1) {
      const label = `group${index}`;
      groups.push(
        `  - { name: "${name} ${label}", workspace: "${uuid}", labels: [${label}], namespace: runners,${template} strategy: percentageRunnersIdle,`,
        `      parameters: { min: ${setting.min}, max: ${setting.max}, scaleUpThreshold: 0.8, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 } }`,
      );
      const labels = ['self.hosted', 'linux', 'autoscaler.created', label];
      const step = { uuid: '{step}' };
      bitbucket.addRunners({ workspace: uuid }, setting.busy, { labels, status: 'ONLINE', step });
      bitbucket.addRunners({ workspace: uuid }, setting.runners - setting.busy, { labels, status: 'ONLINE' });
    }
  }
  return [...lines, ...groups, ''].join('\n');
}
