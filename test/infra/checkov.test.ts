import { describe, expect, it } from 'vitest';
import { EXCEPTIONS, unexplained } from './checkov.ts';

describe('what checkov finds', () => {
  const exception = { rule: 'CKV_1', resources: ['AWS::S3::Bucket.'], reason: 'because' };
  const failure = (check_id: string, resource: string) => ({ check_id, check_name: 'Ensure so', resource });

  it.each([
    ['is explained', [failure('CKV_1', 'AWS::S3::Bucket.A')], []],
    [
      'is told where another resource has it',
      [failure('CKV_1', 'AWS::S3::Bucket.A'), failure('CKV_1', 'AWS::SQS::Queue.B')],
      ['CKV_1 AWS::SQS::Queue.B: Ensure so'],
    ],
    [
      'is told where it is another rule',
      [failure('CKV_1', 'AWS::S3::Bucket.A'), failure('CKV_2', 'AWS::S3::Bucket.A')],
      ['CKV_2 AWS::S3::Bucket.A: Ensure so'],
    ],
    ['is missed where an exception says it', [], ['CKV_1 has an exception that nothing needs; remove it']],
  ])('%s', (_name, failures, expected) => {
    expect(unexplained(failures, [exception])).toEqual(expected);
  });

  it('has one reason for each rule that is not followed', () => {
    const rules = EXCEPTIONS.map(({ rule }) => rule);
    expect(rules).toEqual([...new Set(rules)]);
    expect(EXCEPTIONS.filter(({ reason }) => reason.length < 40)).toEqual([]);
  });
});
