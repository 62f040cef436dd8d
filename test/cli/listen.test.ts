/** The server of `run --listen`: what it takes, for how long, and how it ends. And a wake from a request to the Job. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { DoorAnswer, DoorRequest } from '#adapters/wake/door.ts';
import { json, scriptedService } from '#kit/loopback.ts';
import { openIssuer } from '#kit/step-tokens.ts';
import { type Listening, listen, parsePlace } from '../../cli/listen.ts';
import { createNudge } from '../../cli/nudge.ts';
import { manualClock } from '../doors/clock.ts';
import { startCommand } from '../doors/command.ts';
import { configuration, startDoorsWorld } from '../doors/world.ts';

const ANYWHERE = { host: '127.0.0.1', port: 0 };
const TAKEN: DoorAnswer = { status: 202, outcome: 'taken', told: { message: 'thanks', retryAfterS: 7 } };

let open: Listening | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function serve(answer: (request: DoorRequest) => Promise<DoorAnswer>): Promise<string> {
  open = await listen(ANYWHERE, answer);
  return open.url;
}

it.each([
  ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
  ['wake.example.com:0', { host: 'wake.example.com', port: 0 }],
  ['[::1]:65535', { host: '::1', port: 65_535 }],
  ['127.0.0.1:65536', undefined],
  ['8080', undefined],
  [':8080', undefined],
  ['::1:8080', undefined],
])('%s is an address: %j', (text, place) => {
  expect(parsePlace(text)).toEqual(place);
});

describe('the server', () => {
  it('hands requests to the door and its answers back', async () => {
    const seen: DoorRequest[] = [];
    const url = await serve(async (request) => {
      seen.push(request);
      return TAKEN;
    });
    const response = await fetch(url, { method: 'POST', headers: { 'X-Event-Key': 'repo:push' }, body: 'text' });
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([
      202,
      '7',
      { message: 'thanks', retryAfterS: 7 },
    ]);
    expect(seen).toMatchObject([{ method: 'POST', headers: { 'x-event-key': 'repo:push' } }]);
    expect(seen[0]?.body.toString()).toBe('text');
  });

  it('reads little more than 512 KB, and ends such a connection', async () => {
    const sizes: number[] = [];
    const url = await serve(async ({ body }) => {
      sizes.push(body.length);
      return { status: 413, outcome: 'refused', told: { message: 'too long' } };
    });
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000\r\n\r\n${'x'.repeat(1_200_000)}`);
    const [answered] = await once(socket, 'data');
    expect(String(answered)).toMatch(/^HTTP\/1.1 413 [\s\S]*connection: close/i);
    socket.destroy();
    expect(sizes[0]).toBeGreaterThan(524_288);
    expect(sizes[0]).toBeLessThan(700_000);
  });

  it('lets requests that have come get their answers when it ends', async () => {
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<DoorAnswer>();
    const url = await serve(async () => {
      asked.resolve();
      return answered.promise;
    });
    const response = fetch(url, { method: 'POST', body: 'x' });
    await asked.promise;
    const closed = open?.close();
    open = undefined;
    answered.resolve(TAKEN);
    expect((await response).status).toBe(202);
    await closed;
    await expect(fetch(url)).rejects.toThrow();
  });

  it('says so when the address is taken', async () => {
    const url = await serve(async () => TAKEN);
    const place = { host: '127.0.0.1', port: Number(new URL(url).port) };
    await expect(listen(place, async () => TAKEN)).rejects.toThrow(
      /^Nothing can listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\); give another address with --listen$/,
    );
  });
});

describe('a nudge', () => {
  it('ends the sleep a moment later, and once', async () => {
    const clock = manualClock();
    const { sleep, nudge } = createNudge(clock);
    const { signal } = new AbortController();
    const ends: number[] = [];
    const asleep = sleep(10_000, signal).then(() => ends.push(clock.elapsed()));
    clock.advance(1_000);
    for (let time = 0; time < 200; time += 1) nudge(signal);
    clock.advance(249);
    await Promise.resolve();
    expect(ends).toEqual([]);
    clock.advance(1);
    await asleep;
    expect(ends).toEqual([1_250]);
    const next = sleep(10_000, signal).then(() => ends.push(clock.elapsed()));
    clock.advance(10_000);
    await next;
    expect(ends).toEqual([1_250, 11_250]);
  });

  it('during a tick ends the sleep after it at once', async () => {
    const clock = manualClock();
    const { sleep, nudge } = createNudge(clock);
    const { signal } = new AbortController();
    nudge(signal);
    clock.advance(250);
    await new Promise(setImmediate);
    await sleep(10_000, signal);
    expect(clock.elapsed()).toBe(250);
  });
});

describe('run --listen', () => {
  const sleeping = `${configuration({ min: 0 }).trimEnd()}\n    wake: { from: [acme/app], max: 3 }\n`;

  /** A world whose Bitbucket has the keys of an issuer, too, and a process that listens. */
  async function startRun() {
    const world = await startDoorsWorld(sleeping);
    const bitbucket = await scriptedService(async ({ method, path, headers, body }) => {
      if (path.endsWith('/keys.json')) return json(200, issuer.keys);
      const kept = { authorization: String(headers.authorization), 'content-type': 'application/json' };
      const answer = await fetch(`${world.bitbucket.url}${path}`, {
        method,
        headers: kept,
        ...(body !== '' && { body }),
      });
      return { status: answer.status, headers: { 'content-type': 'application/json' }, body: await answer.text() };
    });
    const issuer = await openIssuer('acme', bitbucket.url);
    const command = startCommand(['run', '--every', '1m', '--listen', '127.0.0.1:0'], {
      ...world.environment,
      BITBUCKET_BASE_URL: bitbucket.url,
    });
    const [, url = ''] = await command.seen('stderr', /listening on (http:\S+)\n/);
    const who = { repositoryUuid: world.bitbucket.uuidOf('acme/app'), workspaceUuid: world.bitbucket.uuidOf('acme') };
    const token = (stepUuid: string) => issuer.token({ ...who, stepUuid }, Date.now());
    return {
      world,
      command,
      url,
      token,
      ask: async (stepUuid: string) => {
        const headers = { authorization: `Bearer ${await token(stepUuid)}` };
        return fetch(url, { method: 'POST', headers, body: '{"group":"linux-large"}' });
      },
      [Symbol.asyncDispose]: async () => {
        await bitbucket.close();
        await world.close();
      },
    };
  }

  it('wakes a group for 200 steps at once with one tick and no more runners than allowed, and ends in order', async () => {
    await using at = await startRun();
    await at.command.seen('stdout', /1 hold; 0 runners/);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, step) => at.ask(`{s${step}}`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    at.command.clock.advance(250);
    await at.command.seen('stdout', /added 3 runners/);
    expect(at.world.kubernetes.names('runners', 'jobs')).toHaveLength(3);
    at.command.signal('SIGTERM');
    expect(await at.command.ended).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/stopped after 2 ticks\n$/),
    });
    await expect(fetch(at.url)).rejects.toThrow();
  });

  it('tells once of strangers, and never a token', async () => {
    await using at = await startRun();
    const forged = `${(await at.token('{s}')).slice(0, -20)}${'x'.repeat(20)}`;
    for (const authorization of [`Bearer ${forged}`, 'none', `Bearer ${forged}`]) {
      expect((await fetch(at.url, { method: 'POST', headers: { authorization } })).status).toBe(403);
    }
    at.command.signal('SIGTERM');
    const { stderr } = await at.command.ended;
    expect(stderr.match(/request: 403/g)).toHaveLength(2);
    expect(stderr).not.toContain(forged.slice(0, 60));
  });

  it('needs a state that others see where it ticks some groups alone, and warns of one that ends with it', async () => {
    await using world = await startDoorsWorld(sleeping);
    const environment = { ...world.environment, STATE_STORE: 'memory' };
    const alone = await startCommand(['run', '--listen', '127.0.0.1:0', '--group', 'linux-large'], environment).ended;
    expect([alone.code, alone.stderr]).toEqual([
      2,
      expect.stringMatching(/state "memory"; give --state sqlite:PATH or/),
    ]);
    const all = startCommand(['run', '--listen', '127.0.0.1:0'], environment);
    await all.seen('stderr', /warning: what pipelines ask for .* is forgotten when this process ends; give --state/);
    all.signal('SIGTERM');
    expect((await all.ended).code).toBe(0);
  });

  it('is refused an address that is none', async () => {
    const { code, stderr } = await startCommand(['run', '--listen', '8080'], {}).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining('Give an address and a port, such as 127.0.0.1:8080')]);
  });
});
