/** What osls is given for a command line. What it makes of that, packaged for real, is seen by `npm run test:deploy`. */
import { describe, expect, it } from 'vitest';
import { readDeployment } from '../../infra/deployment.ts';
import { serviceOf } from '../../infra/service.ts';
import { parametersOf, SMALL } from './deployments.ts';

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
