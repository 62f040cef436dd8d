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
    [
      'an event of the scheduler with its own keys',
      { 'aws.scheduler.execution-id': 'x', 'scheduled-time': '2026-11-23T08:00:00Z', shard: { index: 0, of: 1 } },
      { shard: { index: 0, of: 1 } },
    ],
    ['a scheduled event that asks for a dry run', { ...SCHEDULED, dryRun: true }, { dryRun: true }],
    [
      'one that asks in its detail',
      { ...SCHEDULED, detail: { dryRun: true, groups: ['a'] } },
      { dryRun: true, groups: ['a'] },
    ],
    ['one that asks in its detail as text', { ...SCHEDULED, detail: '{"dryRun":true}' }, { dryRun: true }],
    ['one that asks in both places', { dryRun: false, detail: { dryRun: true } }, { dryRun: true }],
    ['one that asks for what is real', { dryRun: false, detail: { dryRun: false } }, { dryRun: false }],
    [
      'one that asks in both places, of which its own counts',
      { groups: ['a'], detail: { groups: ['b'] } },
      { groups: ['a'] },
    ],
    ['an empty request', {}, {}],
    ['a dry run', { dryRun: true }, { dryRun: true }],
    ['a doctor', { doctor: true }, { doctor: true }],
    ['some groups', { groups: ['a', 'b'] }, { groups: ['a', 'b'] }],
    [
      'a look that our door asks for',
      { wake: 'acme', shard: { index: 0, of: 2 } },
      { wake: 'acme', shard: { index: 0, of: 2 } },
    ],
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
    ['our field inside of one of the envelope', { version: { dryRun: true } }, '"version"'],
    ['our field in a list of the envelope', { resources: [{ dryRun: true }] }, '"resources"'],
    ['a doctor that is denied', { doctor: false }, 'doctor: '],
    ['a flag that is a text', { dryRun: 'yes' }, 'dryRun: '],
    ['a flag that is nothing', { dryRun: null }, 'dryRun: '],
    ['a scheduled event with a flag that is a number', { ...SCHEDULED, dryRun: 1 }, '(dryRun: '],
    ['a scheduled event with an unknown field', { ...SCHEDULED, DryRun: true }, '"DryRun"'],
    ['a detail with a flag that is a text', { ...SCHEDULED, detail: { dryRun: 'true' } }, '(detail.dryRun: '],
    ['a detail with an unknown field', { ...SCHEDULED, detail: { dryrun: true } }, '(detail: '],
    ['a detail that is no JSON', { ...SCHEDULED, detail: '{' }, '(detail: '],
    ['a detail that asks for a doctor', { ...SCHEDULED, detail: { doctor: true } }, '(detail: '],
    ['a detail that asks for a look', { ...SCHEDULED, detail: { wake: 'acme' } }, '(detail: '],
    ['a look at nothing', { wake: '' }, 'wake: '],
    ['a detail that is a list', { ...SCHEDULED, detail: [] }, '(detail: '],
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
