/**
 * What osls makes of the fragments: packaged for real, offline and without credentials. It takes osls many seconds, so here
 * it packages one stack, the one that says everything; `npm run test:deploy` packages the small one, and deploys it.
 */
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readDeployment } from '../../infra/deployment.ts';
import { serviceOf } from '../../infra/service.ts';
import { LARGE, parametersOf, SMALL } from './deployments.ts';
import { packageStack, stableTemplate } from './osls.ts';

it('osls packages the large stack offline and without credentials', async () => {
  const { code, output, directory } = await packageStack(LARGE);
  expect([code, output]).toEqual([0, expect.stringContaining('Service packaged')]);
  expect(output).not.toMatch(/warning|deprecat/i);
  expect(await readdir(directory)).toContain('bitbucket-runner-autoscaler.zip');
  // The diff of this file is what a review of the infrastructure reads.
  await expect(await stableTemplate(directory)).toMatchFileSnapshot('templates/large.json');
});

describe('a command line of osls', () => {
  const given = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  /** osls prints an error of this name as it is, without a stack. */
  const refusal = async (args: readonly string[], variables = {}) => {
    const error: unknown = await readDeployment(args, variables).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'ServerlessError' });
    return (error as Error).message.split('\n');
  };

  it('becomes the service, without a region when it is only packaged', async () => {
    const args = ['package', '--stage', 'prod', ...given(SMALL)];
    expect(await readDeployment(args, {})).toEqual(serviceOf(parametersOf(SMALL), 'us-east-1'));
  });

  it('refuses wrong parameters in a sentence each', async () => {
    expect(await refusal(['package', '--stage', 'prod', ...given({ shards: 'x' })])).toEqual(
      expect.arrayContaining([
        'parameter shards: "x" is not a whole number from 1 to 40',
        expect.stringContaining('parameter clusters: is missing; name the EKS clusters of the runners'),
      ]),
    );
  });

  it('wants a region to deploy to', async () => {
    expect(await refusal(['deploy', ...given(SMALL)])).toEqual([
      expect.stringContaining('No AWS region is named; write region: eu-west-1 into stages/dev.yaml'),
    ]);
  });

  it('takes parameters from the environment', async () => {
    const refused = await refusal(['package'], { AUTOSCALER_CLUSTERS: 'ci', AUTOSCALER_MEMORY: '1' });
    expect(refused).toEqual(['parameter memory: "1" is not a whole number from 128 to 3008']);
  });
});
