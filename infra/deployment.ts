/** From a command line of osls and the environment to the service, or to every reason against it. Pure. */
import type { AWS } from 'osls';
import { sentenceOf } from '../lib/core/errors.ts';
import { isDeployment, readInvocation, regionOf } from './invocation.ts';
import { readParameters } from './parameters.ts';
import { serviceOf } from './service.ts';

/** `package` needs no region, since nothing in the template depends on it; osls wants one all the same. */
const NOWHERE = 'us-east-1';

/**
 * The service that this invocation asks for. osls prints an error that is thrown while `serverless.ts` loads with a stack;
 * one that is awaited, under the name `ServerlessError`, without.
 */
export async function readDeployment(...invoked: Parameters<typeof readInvocation>): Promise<AWS> {
  try {
    const invocation = readInvocation(...invoked);
    const parameters = readParameters(invocation, isDeployment(invocation));
    const { command, region = NOWHERE } = invocation;
    return serviceOf(parameters, command === 'package' ? region : regionOf(invocation));
  } catch (error) {
    throw Object.assign(new Error(sentenceOf(error)), { name: 'ServerlessError' });
  }
}
