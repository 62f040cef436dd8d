/**
 * Builds dist/: the two functions and the command line, as ES modules that share their chunks. Everything is inside,
 * the AWS SDK too: loading it from the bundle is faster than from Lambda's runtime, and its version is ours.
 */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));

/** CommonJS inside the bundle calls `require` for Node's own modules, which ES modules do not have. */
const DEFINE_REQUIRE =
  "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

const ENTRY_POINTS = { scale: 'functions/scale.ts', report: 'functions/report.ts', cli: 'cli/main.ts' };

/** Builds the product into `outdir` and gives esbuild's account of it. */
export async function bundle(outdir = `${root}dist`) {
  const metafile = await bundlePrograms(ENTRY_POINTS, outdir);
  await chmod(`${outdir}/cli.js`, 0o755);
  return metafile;
}

/** Builds any programs of this repository as the product is built: output name → source. */
export async function bundlePrograms(entryPoints, outdir) {
  await rm(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // The SDK's ES modules: smaller, since what is not used falls away.
    mainFields: ['module', 'main'],
    minify: true,
    // Names appear in errors and logs.
    keepNames: true,
    legalComments: 'none',
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: DEFINE_REQUIRE },
    metafile: true,
    logLevel: 'warning',
  });
  await mkdir(outdir, { recursive: true });
  await writeFile(`${outdir}/package.json`, '{ "type": "module" }\n');
  return metafile;
}

/** What each entry loads at start, what it may load later, and its ten largest files. */
function printSizes(metafile) {
  const outputs = metafile.outputs;
  const entries = Object.entries(outputs).filter(([, output]) => output.entryPoint !== undefined && isEntry(output));
  console.log('entry        at start     in all');
  for (const [path, { entryPoint }] of entries) {
    const start = reach(outputs, path, ['import-statement']);
    const all = reach(outputs, path, ['import-statement', 'dynamic-import']);
    const name = entryPoint.replace(/.*\/(.*)\.ts$/, '$1').padEnd(10);
    console.log(`${name} ${kib(sizeOf(outputs, start))} ${kib(sizeOf(outputs, all))}`);
  }
  console.log(`everything            ${kib(sizeOf(outputs, Object.keys(outputs)))}`);
}

function isEntry({ entryPoint }) {
  return /^(functions|cli)\/(scale|report|main)\.ts$/.test(entryPoint);
}

/** The files that are loaded with this one, over imports of these kinds. */
function reach(outputs, from, kinds) {
  const reached = new Set();
  const queue = [from];
  for (const path of queue) {
    if (reached.has(path)) continue;
    reached.add(path);
    const imports = outputs[path].imports.filter(({ kind, external }) => !external && kinds.includes(kind));
    queue.push(...imports.map((imported) => imported.path));
  }
  return [...reached];
}

function sizeOf(outputs, paths) {
  return paths.reduce((sum, path) => sum + outputs[path].bytes, 0);
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(0)} KiB`.padStart(10);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) printSizes(await bundle());
