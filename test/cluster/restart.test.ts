/** An API server that goes away in the middle of a tick, and comes back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Interruption } from '#tools/simulator/interrupt.ts';
import { useCluster } from './cluster.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { expectSettled, openStage, type Stage } from './stage.ts';

const MINUTE = 60_000;
const RUNNERS = 4;
const GROUP = { min: RUNNERS, startTimeoutMs: 3 * MINUTE };
const TICKS_TO_REPAIR = 10;

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane?.stop());

/** Does something right before the nth call of a method. */
function rightBefore(method: string, nth: number, act: () => Promise<void>): Interruption {
  let seen = 0;
  return async (call, proceed) => {
    if (call.method === method) {
      seen += 1;
      if (seen === nth) await act();
    }
    return proceed();
  };
}

async function repair(stage: Stage): Promise<void> {
  await stage.kubelet.settle();
  for (let count = 0; count < TICKS_TO_REPAIR; count += 1) {
    stage.world.advance(MINUTE);
    await stage.tick();
    await stage.kubelet.settle();
  }
}

describe('an API server that restarts in the middle of a tick', () => {
  it.each(['createJob', 'createSecret'])('is gone from the second %s on', async (method) => {
    const stage = await openStage(useCluster(plane.address), GROUP);
    const report = await stage.tick(rightBefore(method, 2, () => plane.stopApiServer()));
    const failed = report.groups[0]?.outcomes.filter(({ status }) => status === 'failed') ?? [];
    expect(failed.length).toBeGreaterThan(0);
    for (const { error } of failed) {
      expect(error).toMatch(
        /^cluster "test" \(https:\/\/[\d.:]+\): cannot create (jobs|secrets) in namespace "[\w-]+": (it cannot be reached \(ECONNREFUSED\); check the server's address and that the network lets us through|the connection was lost \([\w ]+\); the next tick tries again)/,
      );
    }
    await plane.startApiServer();
    await repair(stage);
    await expectSettled(stage, RUNNERS, `gone from the second ${method} on`);
  });

  it('comes back while the tick still runs', async () => {
    const stage = await openStage(useCluster(plane.address), GROUP);
    await stage.tick(
      rightBefore('createSecret', 2, async () => {
        await plane.stopApiServer();
        await plane.startApiServer();
      }),
    );
    await repair(stage);
    await expectSettled(stage, RUNNERS, 'back within the tick');
  });

  it('holds with one sentence while the list cannot be read, and adds nobody', async () => {
    const stage = await openStage(useCluster(plane.address), GROUP);
    await plane.stopApiServer();
    const report = await stage.tick();
    await plane.startApiServer();
    expect(report.groups[0]).toMatchObject({ decision: { action: 'hold' }, plan: [] });
    expect(report.groups[0]?.problems).toEqual([expect.stringMatching(/it cannot be reached \(ECONNREFUSED\)/)]);
    expect(stage.registrations()).toEqual([]);
  });
});
