/** Plays the worlds that it is sent, one after the other, and answers with what does not hold in each. */
import { parentPort } from 'node:worker_threads';
import type { WorldSetting } from './draw-world.ts';
import { play } from './play.ts';

parentPort?.on('message', async (setting: WorldSetting) => {
  parentPort?.postMessage(await play(setting));
});
