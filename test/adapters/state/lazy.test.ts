/** The AWS SDK takes tens of milliseconds to load: only a store or source that needs it may do so. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Counts the modules of the SDK that a process of its own loads for this statement. */
async function sdkModulesFor(statement: string): Promise<number> {
  const program = `
    import { registerHooks } from 'node:module';
    let loaded = 0;
    registerHooks({ load(url, context, next) { if (url.includes('/@aws-sdk/')) loaded += 1; return next(url, context); } });
    const { openStateStore } = await import(${url('../../../lib/adapters/state/open.ts')});
    const { localConnectors } = await import(${url('../../../lib/adapters/local.ts')});
    const local = localConnectors(() => {});
    const { readSource } = await import(${url('../../../lib/adapters/source.ts')});
    const { loadCredential } = await import(${url('../../../lib/adapters/credentials.ts')});
    await ${statement};
    console.log(loaded);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program]);
  return Number(stdout);
}

it.each([
  ["openStateStore('memory', local)"],
  ["openStateStore('sqlite:/nonexistent/state.sqlite', local)"],
  ['readSource(process.execPath).catch(() => {})'],
  ["loadCredential({ fromEnvironment: { kind: 'accessToken' } })"],
])('%s loads nothing of the SDK', async (statement) => {
  expect(await sdkModulesFor(statement)).toBe(0);
});

it('a DynamoDB store loads it', async () => {
  expect(await sdkModulesFor("openStateStore('dynamodb:runner-state', local)")).toBeGreaterThan(0);
});
