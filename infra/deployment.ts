/** From a command line of osls and the environment to the service, or to every reason against it. Pure. */
import type { AWS } from 'osls';
import { sentenceOf } from '../lib/core/errors.ts';
import { isDeployment, readInvocation } from './invocation.ts';
import { readParameters } from './parameters.ts';
import { serviceOf } from './service.ts';

/** `package` needs no region, since nothing in the template depends on it; osls wants one all the same. */
const NOWHERE = 'us-east-1';

/**
 * The service that this invocation asks for. osls prints an error that is thrown while `serverless.ts` loads with a stack;
 * one that is awaited, under the name `ServerlessError`, without.
 */
export async function readDeployment(...[args, variables]: Parameters<typeof readInvocation>): Promise<AWS> {
  try {
    const invocation = readInvocation(args, variables);
    const { command, region } = invocation;
    const parameters = readParameters(invocation, isDeployment(invocation));
    if (region === undefined && command !== 'package') {
      throw new Error('No AWS region is named; give --region, such as eu-west-1, or set AWS_REGION');
    }
    return serviceOf(parameters, region ?? NOWHERE);
  } catch (error) {
    throw Object.assign(new Error(sentenceOf(error)), { name: 'ServerlessError' });
  }
}
