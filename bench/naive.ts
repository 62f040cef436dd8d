/**
 * The bundle to compare with: the same handler as a newcomer bundles it. Every package is imported by name where the
 * program begins, esbuild is called with what its first page says, and everything lands in one file, the SDK included.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What the handler needs of each package, as their introductions import it. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/client-dynamodb': [
    'BatchGetItemCommand',
    'DeleteItemCommand',
    'DynamoDBClient',
    'GetItemCommand',
    'PutItemCommand',
    'QueryCommand',
  ],
  '@aws-sdk/client-eks': ['DescribeClusterCommand', 'EKSClient'],
  '@aws-sdk/client-s3': ['GetObjectCommand', 'S3Client'],
  '@aws-sdk/client-secrets-manager': ['GetSecretValueCommand', 'SecretsManagerClient'],
  '@aws-sdk/client-ssm': ['GetParameterCommand', 'SSMClient'],
  '@kubernetes/client-node': ['BatchV1Api', 'CoreV1Api', 'KubeConfig'],
  '@middy/core': ['default as middy'],
  handlebars: ['default as Handlebars'],
  yaml: ['parse'],
  zod: ['z'],
};

/** Builds it into a folder, and gives the path of its only file. */
export async function bundleNaively(folder: string): Promise<string> {
  const outfile = join(folder, 'naive.js');
  await build({
    absWorkingDir: root,
    stdin: { contents: program(), resolveDir: root, loader: 'ts' },
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // Names and `require` as in ours: the comparison is about what is loaded, and when.
    keepNames: true,
    legalComments: 'none',
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
    },
    logLevel: 'error',
  });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  return outfile;
}

/** The imports are kept alive by an export, as their use would keep them. */
function program(): string {
  const imports = Object.entries(PACKAGES).map(([name, names]) => `import { ${names.join(', ')} } from '${name}';`);
  const used = Object.values(PACKAGES).flatMap((names) => names.map((name) => name.replace('default as ', '')));
  return [
    ...imports,
    "export { handler } from './functions/scale.ts';",
    `export const used = [${used.join(', ')}];`,
  ].join('\n');
}
