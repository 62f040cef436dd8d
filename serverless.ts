/**
 * The deployment, for osls. Parameters come from `--param name=value` or from variables `AUTOSCALER_NAME`, and are
 * checked before anything else happens; docs/deploy.md lists them.
 */
import type { AWS } from 'osls';
import { isDeployment, readInvocation } from './infra/invocation.ts';
import { readParameters } from './infra/parameters.ts';
import { serviceOf } from './infra/service.ts';
import { sentenceOf } from './lib/core/errors.ts';

/** `package` needs no region, since nothing in the template depends on it; osls wants one all the same. */
const NOWHERE = 'us-east-1';

function readService(): AWS {
  const invocation = readInvocation(process.argv.slice(2), process.env);
  const { command, region } = invocation;
  const parameters = readParameters(invocation, isDeployment(invocation));
  if (region === undefined && command !== 'package') {
    throw new Error('No AWS region is named; give --region, such as eu-west-1, or set AWS_REGION');
  }
  return serviceOf(parameters, region ?? NOWHERE);
}

/** osls prints a finding that is thrown while this file loads with a stack; one that is awaited, under this name, without. */
async function findingsWithoutStack(): Promise<AWS> {
  try {
    return readService();
  } catch (error) {
    throw Object.assign(new Error(sentenceOf(error)), { name: 'ServerlessError' });
  }
}

export default findingsWithoutStack();
