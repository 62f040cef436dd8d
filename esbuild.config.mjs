/**
 * Builds dist/: the two functions that tick, as ES modules that share their chunks, the door for wakes and the command
 * line with chunks of their own: what three programs share falls into more and smaller files, and each costs a cold start. Everything is inside, the AWS
 * SDK too: loading it from the bundle is faster than from Lambda's runtime, and its version is ours.
 */
import { chmod, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));

/** CommonJS inside the bundle calls `require` for Node's own modules, which ES modules do not have. */
const DEFINE_REQUIRE =
  "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

/** The page's script is read from the sources, which the bundle has not: the text that was read takes their place. */
const PAGE_SCRIPT = {
  name: 'page-script',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]lib[\\/]tools[\\/]page[\\/]script\.ts$/ }, async () => {
      const { SCRIPT } = await import('./lib/tools/page/script.ts');
      return { contents: `export const SCRIPT = ${JSON.stringify(SCRIPT)};` };
    }),
};

/** A thread's program is a file; the bundle carries it as text, whatever it is cut into. */
const WORKER = {
  name: 'worker',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]lib[\\/]adapters[\\/]bitbucket[\\/]start-worker\.ts$/ }, async () => {
      const { outputFiles } = await build({
        ...COMMON,
        entryPoints: ['lib/adapters/bitbucket/pipelines-worker.ts'],
        format: 'cjs',
        write: false,
      });
      const program = JSON.stringify(outputFiles[0].text);
      return {
        contents: `import { Worker } from 'node:worker_threads';
export const startWorker = (options) => new Worker(${program}, { ...options, eval: true });`,
        resolveDir: root,
      };
    }),
};

const COMMON = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  // The SDK's ES modules: smaller, since what is not used falls away.
  mainFields: ['module', 'main'],
  // The package offers its ES modules to browsers only. They do the same, and load in half the time.
  alias: { yaml: './node_modules/yaml/browser/index.js' },
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
};

const FUNCTIONS = { scale: 'functions/scale.ts', report: 'functions/report.ts' };
const DOOR = { wake: 'functions/wake.ts' };
const COMMAND_LINE = { cli: 'cli/main.ts' };
const DIST = `${root}dist`;

/** Builds the product into `outdir` and gives esbuild's account of it. */
export async function bundle(outdir = DIST) {
  const functions = await bundleFunctions(outdir);
  const commandLine = await addPrograms(COMMAND_LINE, outdir, 'cli');
  await chmod(`${outdir}/cli.js`, 0o755);
  return both(functions, commandLine);
}

/** The same without the command line: what is deployed. */
export async function bundleFunctions(outdir = DIST) {
  return both(await bundlePrograms(FUNCTIONS, outdir), await addPrograms(DOOR, outdir, 'door'));
}

function both(one, other) {
  return { inputs: { ...one.inputs, ...other.inputs }, outputs: { ...one.outputs, ...other.outputs } };
}

/** Builds any programs of this repository as the product is built: output name → source. */
export async function bundlePrograms(entryPoints, outdir) {
  await rm(outdir, { recursive: true, force: true });
  const metafile = await addPrograms(entryPoints, outdir, 'chunks');
  await writeFile(`${outdir}/package.json`, '{ "type": "module" }\n');
  return metafile;
}

/** Builds programs that share the chunks in a folder of `outdir`, beside what is there. */
async function addPrograms(entryPoints, outdir, chunks) {
  const { metafile } = await build({
    ...COMMON,
    entryPoints,
    outdir,
    splitting: true,
    format: 'esm',
    plugins: [PAGE_SCRIPT, WORKER],
    // Names appear in errors and logs.
    keepNames: true,
    chunkNames: `${chunks}/[name]-[hash]`,
    banner: { js: DEFINE_REQUIRE },
    metafile: true,
  });
  return metafile;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { printBundleReport } = await import('./bench/bundle-report.ts');
  await printBundleReport(await bundle());
}
