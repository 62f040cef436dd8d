/** Which connections are used again, seen from a network that counts and forgets them. */
import { once } from 'node:events';
import * as http from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { awsClientSettings } from '#adapters/aws/client.ts';
import { agents, closeRestingConnections, restBriefly } from '#adapters/http/connections.ts';
import { send } from '#adapters/http/exchange.ts';
import { startForgetfulProxy } from '#kit/forgetful-proxy.ts';
import { awsEnvironment, json, scriptedService } from '#kit/loopback.ts';

/** A service that answers at once, what forgets connections to it, and an agent whose clock is moved by hand. */
async function startNetwork() {
  await using stack = new AsyncDisposableStack();
  const service = await scriptedService(() => json(200, {}));
  stack.defer(service.close);
  const proxy = stack.use(await startForgetfulProxy(service.url, 'reset'));
  const clock = { now: 0 };
  const agent = restBriefly(new http.Agent({ keepAlive: true }), () => clock.now);
  stack.defer(() => agent.destroy());
  const started = stack.move();
  const one = (over = agent): Promise<Awaited<ReturnType<typeof send>>> =>
    send({ method: 'GET', url: proxy.url, headers: {}, agent: over }, AbortSignal.timeout(600_000));
  return {
    proxy,
    clock,
    agent,
    one,
    /** Requests at the same time, each of which takes a connection. */
    many: (count: number, over = agent) => Promise.all(Array.from({ length: count }, () => one(over))),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

describe('a connection', () => {
  it.each([
    ['is used again at once', 0, 1],
    ['is used again within four seconds', 4_000, 1],
    ['is not when it has rested longer', 4_001, 2],
    ['is not when the clock was set back', -1, 2],
  ])('%s', async (_name, passMs, opened) => {
    await using network = await startNetwork();
    await network.one();
    network.clock.now += passMs;
    await network.one();
    expect(network.proxy.opened()).toBe(opened);
  });

  it('rests from its latest use, whatever others do', async () => {
    await using network = await startNetwork();
    await network.many(5);
    for (let round = 0; round < 3; round += 1) {
      network.clock.now += 3_000;
      await network.one();
    }
    // One of the five was in use every time; the others had rested too long by then.
    expect(network.proxy.opened()).toBe(5);
    await network.many(2);
    expect(network.proxy.opened()).toBe(6);
  });

  it('that rested is not used again after the end of an invocation', async () => {
    await using network = await startNetwork();
    await network.many(2, agents['http:']);
    closeRestingConnections();
    network.proxy.forget();
    expect(await network.one(agents['http:'])).toMatchObject({ status: 200 });
    expect([network.proxy.opened(), network.proxy.usedForgotten()]).toEqual([3, 0]);
  });

  it('that is in use at the end of an invocation is not used again after it', async () => {
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const service = await scriptedService(async ({ path }) => {
      asked.resolve();
      if (path === '/slow') await answer.promise;
      return json(200, {});
    });
    onTestFinished(service.close);
    await using proxy = await startForgetfulProxy(service.url, 'reset');
    const one = (path: string) =>
      send({ method: 'GET', url: proxy.url + path, headers: {} }, AbortSignal.timeout(600_000));
    const slow = one('/slow');
    await asked.promise;
    closeRestingConnections();
    answer.resolve();
    expect(await slow).toMatchObject({ status: 200 });
    await nextTurn();
    expect(Object.values(agents['http:'].freeSockets).flat()).toEqual([]);
    proxy.forget();
    expect(await one('/next')).toMatchObject({ status: 200 });
    expect([proxy.opened(), proxy.usedForgotten()]).toEqual([2, 0]);
    closeRestingConnections();
  });

  it('that dies when it is used again takes along all that rest: the repetition gets a fresh one', async () => {
    await using network = await startNetwork();
    await network.many(5);
    network.proxy.forget();
    expect(await network.one()).toEqual({ kind: 'connection-lost', code: 'ECONNRESET' });
    expect(await network.one()).toMatchObject({ status: 200 });
    expect([network.proxy.opened(), network.proxy.usedForgotten()]).toEqual([6, 1]);
  });

  it('that all clients share rests by the clock of the machine', async () => {
    await using network = await startNetwork();
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    await network.one(agents['http:']);
    vi.setSystemTime(Date.now() + 4_001);
    await network.one(agents['http:']);
    closeRestingConnections();
    expect(network.proxy.opened()).toBe(2);
  });

  it('of an agent of its own rests by the clock of the machine, too', async () => {
    await using network = await startNetwork();
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const agent = restBriefly(new http.Agent({ keepAlive: true }));
    onTestFinished(() => agent.destroy());
    await network.one(agent);
    vi.setSystemTime(Date.now() + 4_001);
    await network.one(agent);
    expect(network.proxy.opened()).toBe(2);
  });

  it('that rests is closed when its agent is destroyed', async () => {
    await using network = await startNetwork();
    await network.many(2);
    network.agent.destroy();
    await network.one();
    expect(network.proxy.opened()).toBe(3);
  });

  it('in use stays when an agent is destroyed, as the AWS SDK does with those of one client', async () => {
    await using network = await startNetwork();
    const request = http.get(network.proxy.url, { agent: network.agent });
    await once(request, 'socket');
    network.agent.destroy();
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    expect(response.statusCode).toBe(200);
  });
});

describe('the AWS SDK', () => {
  it('repeats on a fresh connection what died on one that had rested', async () => {
    await using network = await startNetwork();
    for (const [name, value] of Object.entries(awsEnvironment(network.proxy.url))) vi.stubEnv(name, value);
    const client = new DynamoDBClient(awsClientSettings({}));
    const get = () => client.send(new GetItemCommand({ TableName: 'runner-state', Key: { pk: { S: 'a' } } }));
    closeRestingConnections();
    await Promise.all([get(), get(), get(), get(), get()]);
    network.proxy.forget();
    await get();
    expect([network.proxy.opened(), network.proxy.usedForgotten()]).toEqual([6, 1]);
    vi.unstubAllEnvs();
  });
});
