/** What invokes `scale`: a rule for each shard, with the shard in its event. */
import { attribute, nameOf, type Resources } from './cloudformation.ts';
import type { Parameters } from './parameters.ts';

/** The rules, and the right of each to invoke the function. */
export function scheduleResources(parameters: Parameters): Resources {
  const shards = Array.from({ length: parameters.shards }, (_, index) => index);
  return Object.assign({}, ...shards.map((index) => shardResources(parameters, index)));
}

function shardResources(parameters: Parameters, index: number): Resources {
  const { everyMinutes, enabled, shards } = parameters;
  const event = shards === 1 ? {} : { shard: { index, of: shards } };
  const rule = `ScheduleRule${index}`;
  return {
    [rule]: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: `${nameOf(parameters)}-${index}`,
        Description: 'Invokes the autoscaler; disable it to pause scaling.',
        ScheduleExpression: `rate(${everyMinutes} ${everyMinutes === 1 ? 'minute' : 'minutes'})`,
        State: enabled ? 'ENABLED' : 'DISABLED',
        Targets: [
          {
            Id: 'scale',
            Arn: attribute('ScaleLambdaFunction', 'Arn'),
            Input: JSON.stringify(event),
            // The next tick makes up for one that could not be delivered.
            RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
          },
        ],
      },
    },
    [`SchedulePermission${index}`]: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { Ref: 'ScaleLambdaFunction' },
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn: attribute(rule, 'Arn'),
      },
    },
  };
}
