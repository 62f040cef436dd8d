import { describe, expect, it } from 'vitest';
import { readInvocation } from '../../infra/invocation.ts';

describe('a command line of osls', () => {
  it('is read in all its spellings', () => {
    const args = [
      'deploy',
      '--stage',
      'prod',
      '--verbose',
      '-r=eu-west-1',
      '--param',
      'clusters=a,b',
      '--param=table=x=y',
    ];
    expect(readInvocation(args, {})).toEqual({
      command: 'deploy',
      operands: [],
      stage: 'prod',
      region: 'eu-west-1',
      values: { clusters: 'a,b', table: 'x=y' },
    });
  });

  it('wins over the environment, whose other values count', () => {
    const variables = {
      AUTOSCALER_STAGE: 'test',
      AUTOSCALER_CLUSTERS: 'ci',
      AUTOSCALER_KMS_KEY: 'k',
      AWS_REGION: 'eu-central-1',
      AUTOSCALER_UNKNOWN: 'x',
    };
    expect(readInvocation(['invoke', '-f', 'report', '--param', 'clusters=other'], variables)).toEqual({
      command: 'invoke',
      operands: [],
      stage: 'test',
      region: 'eu-central-1',
      values: { clusters: 'other', 'kms-key': 'k' },
    });
  });

  it('has stage dev and no region without any', () => {
    expect(readInvocation([], {})).toEqual({ command: '', operands: [], stage: 'dev', values: {} });
  });

  it('never takes an option for the value of another', () => {
    expect(readInvocation(['deploy', '--conceal', '--minify-template', '--stage', 'prod'], {}).stage).toBe('prod');
  });

  it('takes operands after options', () => {
    expect(readInvocation(['config:push', '--stage', 'prod', 'a.yaml'], {}).operands).toEqual(['a.yaml']);
  });

  it('refuses a parameter without a value', () => {
    expect(() => readInvocation(['deploy', '--param', 'clusters'], {})).toThrow(
      '--param "clusters" is not a parameter; write --param name=value',
    );
  });
});
