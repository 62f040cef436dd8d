import { describe, expect, it } from 'vitest';
import { InputError } from '#core/errors.ts';
import { readEvent } from '../../functions/event.ts';

const SCHEDULED = {
  version: '0',
  id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: '123456789012',
  time: '2026-11-23T08:00:00Z',
  region: 'eu-west-1',
  resources: ['arn:aws:events:eu-west-1:123456789012:rule/tick'],
  detail: {},
};

describe('events', () => {
  it.each([
    ['a scheduled event of a rule', SCHEDULED, {}],
    ['a scheduled event of the scheduler', { ...SCHEDULED, source: 'aws.scheduler', detail: '{}' }, {}],
    ['an empty request', {}, {}],
    ['a dry run', { dryRun: true }, { dryRun: true }],
    ['a doctor', { doctor: true }, { doctor: true }],
    ['some groups', { groups: ['a', 'b'] }, { groups: ['a', 'b'] }],
    ['a shard', { shard: { index: 1, of: 4 } }, { shard: { index: 1, of: 4 } }],
  ])('%s is taken', (_, event, request) => {
    expect(readEvent(event)).toEqual(request);
  });

  it.each([
    ['nothing', undefined, 'expected object'],
    ['null', null, 'expected object'],
    ['a text', 'now', 'expected object'],
    ['a list', [], 'expected object'],
    ['an unknown field', { dryrun: true }, '"dryrun"'],
    ['a doctor that is denied', { doctor: false }, 'doctor: '],
    ['a flag that is a text', { dryRun: 'yes' }, 'dryRun: '],
    ['no groups at all', { groups: [] }, 'groups: '],
    ['a group without a name', { groups: [''] }, 'groups.0: '],
    ['a shard beyond the last', { shard: { index: 4, of: 4 } }, 'index counts from 0'],
    ['half a shard', { shard: { index: 0 } }, 'shard.of: '],
    ['a message of another service', { Records: [{ body: 'x' }] }, '"Records"'],
  ])('%s is refused in one sentence', (_, event, fault) => {
    const read = () => readEvent(event);
    expect(read).toThrow(InputError);
    expect(read).toThrow(fault);
    expect(read).toThrow(/^The event is not one that this function knows \(.+\); send \{\}, [^\n]+\.$/);
  });
});
