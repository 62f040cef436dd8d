/** `schedule` from arguments to answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../doors/command.ts';
import { configuration, type DoorsWorld, startDoorsWorld } from '../doors/world.ts';

const WINDOWS = `    schedules:
      - { name: office, days: [mon-fri], from: "07:00", to: "19:00", timezone: Europe/Berlin, min: 5, max: 9 }
`;

let world: DoorsWorld;

beforeAll(async () => {
  world = await startDoorsWorld(`${configuration()}${WINDOWS}`);
});

afterAll(async () => {
  await world.close();
});

const AT = '2027-03-26T12:00';

describe('schedule', () => {
  it('shows the next changes, across daylight saving, and asks nobody', async () => {
    const { code, stdout, stderr } = await runCommand(['schedule', '--next', '2', '--at', AT], world.environment);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'UTC                   LOCAL TIME                          GROUP        WINDOW           MIN     MAX',
      'Fri 2027-03-26 18:00  Fri 2027-03-26 19:00 Europe/Berlin  linux-large  office closes  5 → 3  9 → 10',
      'Mon 2027-03-29 05:00  Mon 2027-03-29 07:00 Europe/Berlin  linux-large  office opens   3 → 5  10 → 9',
      '',
    ]);
  });

  it('gives the same as one document', async () => {
    const { code, stdout } = await runCommand(['schedule', '--next', '1', '--at', AT, '--json'], world.environment);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      at: '2027-03-26T12:00:00.000Z',
      changes: [
        {
          at: '2027-03-26T18:00:00.000Z',
          local: '2027-03-26T19:00+01:00',
          timezone: 'Europe/Berlin',
          group: 'linux-large',
          before: { window: 'office', min: 5, max: 9 },
          after: { min: 3, max: 10 },
        },
      ],
    });
  });

  it('shows ten from now unless told otherwise', async () => {
    const { stdout } = await runCommand(['schedule'], world.environment);
    expect(stdout.trim().split('\n')).toHaveLength(11);
  });

  it('says so when nothing ever changes', async () => {
    await using plain = await startDoorsWorld();
    const { code, stdout } = await runCommand(['schedule'], plain.environment);
    expect([code, stdout]).toEqual([
      0,
      'Nothing changes: no group here has a schedule, or its windows are always open.\n',
    ]);
  });

  it.each([
    [['--next', '0'], /whole number between 1 and 1000/],
    [['--next', '1001'], /whole number between 1 and 1000/],
    [['--next', '1e2'], /whole number between 1 and 1000/],
    [['--at', 'tomorrow'], /Give a time such as/],
    [['--group', 'nobody'], /No group is called "nobody"/],
  ])('%j: wrong use, exit 2', async (args, message) => {
    const { code, stdout, stderr } = await runCommand(['schedule', ...args], world.environment);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('has help with examples and exit codes', async () => {
    const { code, stdout } = await runCommand(['schedule', '--help'], {});
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}\$ runner-autoscaler schedule --next 10/);
    expect(stdout).toMatch(/Exit code: 0 fine/);
  });
});
