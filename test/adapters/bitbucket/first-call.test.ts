/** What all calls with one credential go through until it is known to be good. */
import { describe, expect, it } from 'vitest';
import { createGate } from '#adapters/bitbucket/first-call.ts';
import { CredentialError, ServiceError } from '#core/errors.ts';

const refusal = new CredentialError('The credential is refused: Bitbucket answered 401');
const broken = new ServiceError('no way', { service: 'bitbucket', outcome: 'unknown' });

/** Calls that are told how to end, in the order in which they leave. */
function scripted() {
  const calls: PromiseWithResolvers<string>[] = [];
  const call = () => {
    const made = Promise.withResolvers<string>();
    calls.push(made);
    return made.promise;
  };
  return { calls, call };
}

const settled = () => new Promise(setImmediate);
const forever = () => new Promise(() => undefined);

describe('the calls of a tick', () => {
  it('wait for the first one while nothing is known, and then go together', async () => {
    const { calls, call } = scripted();
    const gate = createGate(forever);
    const made = [1, 2, 3].map(() => gate.pass(call));
    await settled();
    expect(calls).toHaveLength(1);
    calls[0]?.resolve('one');
    await settled();
    expect(calls).toHaveLength(3);
    for (const one of calls) one.resolve('more');
    expect(await Promise.all(made)).toEqual(['one', 'more', 'more']);
    gate.reopen();
    const later = [1, 2].map(() => gate.pass(call));
    await settled();
    expect(calls).toHaveLength(5);
    for (const one of calls) one.resolve('more');
    await Promise.all(later);
  });

  it('are all answered by one refusal, those that come later too, until the next tick', async () => {
    const { calls, call } = scripted();
    const gate = createGate(forever);
    const made = [1, 2, 3].map(() => gate.pass(call).catch((error: unknown) => error));
    await settled();
    calls[0]?.reject(refusal);
    expect(await Promise.all(made)).toEqual([refusal, refusal, refusal]);
    await expect(gate.pass(call)).rejects.toBe(refusal);
    expect(calls).toHaveLength(1);
    gate.reopen();
    const next = [1, 2].map(() => gate.pass(call));
    await settled();
    expect(calls).toHaveLength(2);
    calls[1]?.resolve('good');
    await settled();
    calls[2]?.resolve('good');
    expect(await Promise.all(next)).toEqual(['good', 'good']);
  });

  it('go on when the first one fails for another reason', async () => {
    const { calls, call } = scripted();
    const gate = createGate(forever);
    const made = [1, 2].map(() => gate.pass(call).catch((error: unknown) => error));
    await settled();
    calls[0]?.reject(broken);
    await settled();
    calls[1]?.resolve('good');
    expect(await Promise.all(made)).toEqual([broken, 'good']);
  });

  it('do not wait longer than some seconds for a first one that hangs', async () => {
    const { calls, call } = scripted();
    const waits: number[] = [];
    const gate = createGate(async (ms) => void waits.push(ms));
    const made = [1, 2].map(() => gate.pass(call));
    await settled();
    expect(waits).toEqual([3_000]);
    for (const one of calls) one.resolve('good');
    expect(await Promise.all(made)).toEqual(['good', 'good']);
  });

  it('wait again after a good credential was refused', async () => {
    const { calls, call } = scripted();
    const gate = createGate(forever);
    const first = gate.pass(call);
    calls[0]?.resolve('good');
    await first;
    const second = gate.pass(call);
    await settled();
    calls[1]?.reject(refusal);
    await expect(second).rejects.toBe(refusal);
    gate.reopen();
    for (let more = 0; more < 2; more += 1) gate.pass(call).catch(() => undefined);
    await settled();
    expect(calls).toHaveLength(3);
  });
});
