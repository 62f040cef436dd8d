/** The table for what is remembered between ticks; its layout is in docs/decisions/0030-state-table.md. */
import { nameOf, type Resources } from './cloudformation.ts';
import type { Parameters } from './parameters.ts';

/** Known before the stack is, so that a function can be invoked locally against it. */
export function tableName(parameters: Parameters): string {
  return parameters.table ?? nameOf(parameters);
}

/** The table, unless there is one already. It stays when the stack goes: another stack then takes it by name. */
export function tableResources(parameters: Parameters): Resources {
  if (parameters.table !== undefined) return {};
  return {
    StateTable: {
      Type: 'AWS::DynamoDB::Table',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        TableName: tableName(parameters),
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        // With the account's key for DynamoDB: its use is on record in CloudTrail, and readers need no right to it.
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      },
    },
  };
}
