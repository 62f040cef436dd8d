import { describe, expect, it } from 'vitest';
import { json, type Script, scriptedService } from '#kit/loopback.ts';
import { complaintOfAccount, concurrencyComplaint } from '../../infra/concurrency.ts';

describe('reserving concurrency', () => {
  it.each([
    ['a new account', { limit: 10, unreserved: 10, reserved: 0 }, 1, false],
    ['a small account', { limit: 50, unreserved: 50, reserved: 0 }, 1, true],
    ['a small account that has given the rest away', { limit: 50, unreserved: 10, reserved: 0 }, 1, false],
    ['a usual account', { limit: 1_000, unreserved: 1_000, reserved: 0 }, 40, true],
    ['one with just enough', { limit: 1_000, unreserved: 103, reserved: 0 }, 3, true],
    ['one with one too few', { limit: 1_000, unreserved: 102, reserved: 0 }, 3, false],
    ['one that has reserved it already', { limit: 1_000, unreserved: 100, reserved: 3 }, 3, true],
  ])('in %s', (_, concurrency, wanted, isPossible) => {
    expect(concurrencyComplaint(concurrency, wanted) === undefined).toBe(isPossible);
  });

  const complaint = async (script: Script) => {
    const service = await scriptedService(script);
    const settings = {
      endpoint: service.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'loopback-secret-key' },
    };
    const sentence = await complaintOfAccount(settings, ['bitbucket-runner-autoscaler-prod-scale'], 1);
    await service.close();
    return { sentence, paths: service.seen.map(({ path }) => path) };
  };
  const account = (ConcurrentExecutions: number, UnreservedConcurrentExecutions: number) =>
    json(200, { AccountLimit: { ConcurrentExecutions, UnreservedConcurrentExecutions } });

  it('is asked of the account, with what the function has already', async () => {
    const { sentence, paths } = await complaint(({ path }) =>
      path.includes('settings') ? account(10, 10) : json(404, {}),
    );
    expect(sentence).toBe(
      'This account may run 10 functions at a time, of which 10 are not reserved, and AWS keeps 10 of them so: 1 cannot be reserved for the functions. Deploy with reserve-concurrency=false (the lease in the table keeps ticks apart in either case), or ask AWS for a higher quota',
    );
    expect(paths).toEqual([
      expect.stringContaining('/account-settings'),
      expect.stringContaining('/bitbucket-runner-autoscaler-prod-scale/concurrency'),
    ]);
  });

  it('is possible where the function has it', async () => {
    const { sentence } = await complaint(({ path }) =>
      path.includes('settings') ? account(1_000, 100) : json(200, { ReservedConcurrentExecutions: 1 }),
    );
    expect(sentence).toBeUndefined();
  });

  it('is left to CloudFormation where the account does not say', async () => {
    expect((await complaint(() => json(403, {}))).sentence).toBeUndefined();
    expect((await complaint(() => json(200, {}))).sentence).toBeUndefined();
  });
});
