import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { InputError } from '#core/errors.ts';
import { readInvocation, regionOf } from '../../infra/invocation.ts';
import { readParameters } from '../../infra/parameters.ts';
import { readStageFile } from '../../infra/stage-file.ts';

const PATH = 'stages/prod.yaml';

/** What is read of a command line beside a file with this text. */
const invoked = (text: string, args: readonly string[] = [], variables = {}) =>
  readInvocation(['deploy', '--stage', 'prod', ...args], variables, (stage) =>
    readStageFile(text, `stages/${stage}.yaml`),
  );

const refusal = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message.split('\n');
  }
  return [];
};

describe('the file of a stage', () => {
  it('says the parameters, lists as lists, and the region', () => {
    const text = 'region: eu-west-1\nclusters: [ci, us@us-east-1]\nmemory: 1024\nenabled: false\nalarm-topic:\n';
    const { region, values } = invoked(text);
    expect([region, values]).toEqual([
      'eu-west-1',
      { clusters: 'ci,us@us-east-1', memory: '1024', enabled: 'false', 'alarm-topic': '' },
    ]);
  });

  it('is read for the stage that is named', () => {
    const asked: string[] = [];
    readInvocation(['deploy'], { AUTOSCALER_STAGE: 'test' }, (stage) => void asked.push(stage));
    expect(asked).toEqual(['test']);
  });

  it('gives way to variables and the command line, its region to the command line only', () => {
    const text = 'region: eu-west-1\nclusters: ci\nmemory: 256\nshards: 2\n';
    const variables = { AUTOSCALER_MEMORY: '512', AUTOSCALER_SHARDS: '3', AWS_REGION: 'us-east-1' };
    const { region, values } = invoked(text, ['--param', 'shards=4'], variables);
    expect([region, values]).toEqual(['eu-west-1', { clusters: 'ci', memory: '512', shards: '4' }]);
    expect(invoked(text, ['--region', 'eu-central-1']).region).toBe('eu-central-1');
  });

  it.each([
    [
      'a wrong key',
      'clusters: ci\nclustrs: ci',
      'stages/prod.yaml:2:1 clustrs: unknown key (did you mean "clusters"?)',
    ],
    ['a key that is like no other', 'x: 1', /^stages\/prod.yaml:1:1 x: unknown key; the keys are region, clusters, /],
    ['the stage', 'stage: prod', 'stages/prod.yaml:1:1 stage: is no key; the name of the file is the stage'],
    ['a map', 'clusters: { ci: x }', 'stages/prod.yaml:1:11 clusters: is no text, number, true, false or list of them'],
    [
      'lists in a list',
      'clusters: [[ci]]',
      'stages/prod.yaml:1:11 clusters: is no text, number, true, false or list of them',
    ],
    [
      'no parameters',
      '- ci',
      'stages/prod.yaml:1:1 is no list of parameters; write each as a line, such as clusters: ci',
    ],
    ['no YAML', 'clusters: [', /^stages\/prod.yaml:\d:\d+ /],
  ])('is refused with %s, once', (_, text, sentence) => {
    expect(refusal(() => readStageFile(text, PATH))).toEqual([
      typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
    ]);
  });

  it('has its wrong values told with their places, and only its own', () => {
    const text = 'clusters: ci\nmemory: 1\nshards: x\n';
    expect(refusal(() => readParameters(invoked(text, ['--param', 'shards=y']), true))).toEqual([
      'parameter shards: "y" is not a whole number from 1 to 40',
      'stages/prod.yaml:2:9 memory: "1" is not a whole number from 128 to 3008',
    ]);
  });

  it('may be empty', () => {
    expect(readStageFile('# nothing yet\n', PATH)).toEqual({ values: {}, places: {} });
  });

  it('of the example can be deployed', async () => {
    const text = await readFile('stages/example.yaml', 'utf8');
    expect(readParameters(invoked(text), true)).toMatchObject({ clusters: [{ name: 'ci' }], enabled: false });
    const whole = text.replaceAll(/^# (?=[a-z-]+: )/gm, '');
    expect(readParameters(invoked(whole), true)).toMatchObject({ reserveConcurrency: false });
  });
});

describe('what is said of a command line', () => {
  it('no region is assumed', () => {
    expect(regionOf({ stage: 'prod', region: 'eu-west-1' })).toBe('eu-west-1');
    expect(refusal(() => regionOf({ stage: 'prod' }))).toEqual([
      'No AWS region is named; write region: eu-west-1 into stages/prod.yaml, give --region, or set AWS_REGION',
    ]);
  });

  it('options that npm kept do not deploy another stage', () => {
    const variables = { npm_lifecycle_event: 'deploy', npm_config_stage: 'true' };
    expect(refusal(() => readInvocation(['prod'], variables))).toEqual([
      'npm kept --stage for itself; write -- before what is meant for the script: npm run --silent deploy -- … --stage …',
    ]);
  });
});
