/** A visit that tries out on the user's own workspace what Bitbucket does, and keeps the answers. */
import type { Fleet, Scope } from '#core/model/configuration.ts';
import { scopeKey } from '#core/scope.ts';
import { type Check, type CheckId, failedBy, skipped } from './check.ts';
import type { Instruments } from './instruments.ts';
import { type ProbeHands, probe } from './probe.ts';
import { judgeProbe, type ProbeAnswers, parseProbe, probeKey } from './probe-answers.ts';

/** What a caller gives to have a probe made. `onAnswers` gets what was found out. */
export type ProbeOrder = Pick<ProbeHands, 'sleep' | 'signal'> & {
  readonly id: string;
  readonly onAnswers: (answers: ProbeAnswers) => Promise<void>;
};

/** Faults with which a probe would only fail. */
const HINDRANCES: readonly CheckId[] = ['bitbucket', 'credential', 'workspace', 'repository', 'runners', 'writing'];

/** What is known of Bitbucket's ways from the last probe, if there was one. */
export async function recallProbe(scope: Scope, { openState, stateStore }: Instruments): Promise<readonly Check[]> {
  if (stateStore === 'memory') return [judgeProbe(scope, undefined)];
  try {
    const document = (await (await openState()).load([probeKey(scope)])).get(probeKey(scope));
    return [judgeProbe(scope, parseProbe(document?.value))];
  } catch {
    // The check of the state store says why.
    return [];
  }
}

/** Makes the probe, unless `found` shows that it would fail, and keeps its answers. */
export async function makeProbe(
  scope: Scope,
  { order, fleet, found }: { readonly order: ProbeOrder; readonly fleet: Fleet; readonly found: readonly Check[] },
  instruments: Instruments,
): Promise<Check> {
  const hindrance = found.find(({ id, outcome }) => outcome === 'failed' && HINDRANCES.includes(id));
  if (hindrance !== undefined) return skipped('probe', scopeKey(scope), `not done: first mend "${hindrance.title}"`);
  try {
    const { secretId = instruments.defaultSecretId } = fleet.workspaces[scope.workspace] ?? {};
    const client = instruments.bitbucket(await instruments.credential(secretId));
    const { now, bitbucketCalls: calls } = instruments;
    const answers = await probe(scope, order.id, { client, calls, now, ...order });
    await order.onAnswers(answers);
    await keep(scope, answers, instruments);
    return judgeProbe(scope, answers);
  } catch (error) {
    return failedBy('probe', scopeKey(scope), error, 'run it again; what it made is removed first');
  }
}

async function keep(scope: Scope, answers: ProbeAnswers, { openState, now }: Instruments): Promise<void> {
  const state = await openState();
  const key = probeKey(scope);
  const { version: expectedVersion = 0 } = (await state.load([key])).get(key) ?? {};
  await state.save([{ key, expectedVersion, value: answers }], now());
}
