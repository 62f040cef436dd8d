/**
 * Other people's files in one repository, seen from the shipped function: everything else is scaled as if that repository
 * were not there, and the report names it.
 */
import { expect, it } from 'vitest';
import { bundled } from '../doors/bundle.ts';
import { startLambda } from './lambda.ts';
import { startFunctionWorld } from './world.ts';

/** Follows the queues of its repositories; one runner is always there, and busy. */
function group(name: string, label: string, repositories: readonly string[]): string {
  return `
  - name: ${name}
    workspace: acme
    labels: [${label}]
    namespace: runners
    strategy: queueAware
    repositories: [${repositories.join(', ')}]
    parameters: { min: 1, max: 20, idleCount: 0 }`;
}

const GOOD = 'pipelines: { default: [{ parallel: [{ step: { runs-on: [good] } }, { step: { runs-on: [good] } }] }] }';
const keys = (count: number) => Array.from({ length: count }, (_, index) => `k${index}: 1`).join(', ');

const MERGES = `x: &a { ${keys(4_000)} }\ny: [${'{ <<: *a },'.repeat(3_000)}]\npipelines: { default: *a }`;

const QUICK: Readonly<Record<string, string>> = {
  aliases: `a: &a [${'x,'.repeat(99)}]\nb: &b [${'*a,'.repeat(99)}]\npipelines: { default: [${'*b,'.repeat(99)}] }`,
  long: `${GOOD}\n#${'x'.repeat(2_000_000)}`,
  pieces: `pipelines: { default: [${'a,'.repeat(60_000)}] }`,
  quotes: `a: "${'\\"'.repeat(60_000)}\nb`,
  escapes: `pipelines: { default: [{ step: { name: "\\e]0;owned\\a\\u202e", runs-on: ["\\e[2J", ${'y'.repeat(90_000)}] } }] }`,
  keys: `? [&a { ${keys(100)} }]\n: x\npipelines: { default: }`,
};

/** A tick looks at queues for 5 s, and a file may take 3: those that take that long are not in the same tick. */
const ROWS: readonly Readonly<Record<string, string>>[] = [
  QUICK,
  { merges: MERGES },
  { nested: `pipelines: { default: ${'['.repeat(60_000)}` },
];

it.each(ROWS)('is read within bounds, and everything else is scaled as if it were not there (%#)', async (hostile) => {
  const decisions: unknown[] = [];
  const sizes: number[] = [];
  for (const files of [{}, hostile]) {
    const config = `groups:${group('good', 'good', ['app', 'hostile'])}${group('other', 'other', ['hostile'])}`;
    await using world = await startFunctionWorld(config);
    // What Lambda leaves of 512 MB for the heap.
    const memory = { NODE_OPTIONS: '--max-old-space-size=460' };
    await using scale = await startLambda(bundled('scale.js'), { ...world.environment, ...memory });
    const { bitbucket } = world;
    await scale.invoke({});
    for (const runner of world.runners()) Object.assign(runner, { status: 'ONLINE', step: { uuid: '{1}' } });
    const app = { workspace: 'acme', repository: 'app' };
    const theirs = { workspace: 'acme', repository: 'hostile' };
    const ready = { state: 'READY' } as const;
    bitbucket.putFile(app, GOOD);
    bitbucket.addPipeline(app, { steps: [ready, ready] });
    bitbucket.addPipeline(theirs, { status: 'PASSED', steps: [] });
    for (const [commit, text] of Object.entries(files)) {
      bitbucket.putFile(theirs, text, commit);
      bitbucket.addPipeline(theirs, { commit, steps: [ready] });
    }
    const { report, error, output } = await scale.invoke({}, { clockAheadMs: 60_000 });
    expect(error).toBeUndefined();
    const outcomesOf = (all: readonly { readonly action: string; readonly status: string }[]) =>
      all.map(({ action, status }) => `${action} ${status}`);
    decisions.push(
      report?.groups.map(({ name, decision, outcomes, problems }) => ({
        ...{ name, decision, problems },
        outcomes: outcomesOf(outcomes),
      })),
    );
    const told = Object.keys(files).filter((commit) => commit !== 'escapes');
    for (const commit of told) {
      expect(report?.notes.join('\n')).toContain(`bitbucket-pipelines.yml of acme/hostile at ${commit} `);
    }
    const state = await world.textOfState();
    expect(state).not.toMatch(/y{1000}/);
    sizes.push(state.length);
    expect(output).not.toMatch(/(?!\n)[\p{Cc}\u202e]|\\u001b|y{1000}/u);
  }
  // Its notes, and nothing of what they are about.
  const [plain = 0, withHostile = 0] = sizes;
  expect(withHostile - plain).toBeLessThan(20_000);
  expect(decisions[1]).toEqual(decisions[0]);
  expect(decisions[0]).toMatchObject([{ decision: { action: 'scale-up' }, outcomes: ['add done', 'add done'] }, {}]);
});
