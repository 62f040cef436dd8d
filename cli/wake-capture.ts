/** `wake --capture`: spans of pipelines as they come, for somebody who wants to see what they hold. */
import { localConnectors } from '#adapters/local.ts';
import { capturedSpans, MOST_SPANS, requestCapture } from '#adapters/wake/capture.ts';
import { wire } from '#adapters/wiring.ts';
import { InputError } from '#core/errors.ts';
import { SECOND_MS } from '#core/time.ts';
import { counted } from '#text/layout.ts';
import type { ExitCode } from './failure.ts';
import { environmentFor } from './options.ts';
import type { Terminal } from './terminal.ts';
import type { WakeOptions } from './wake.ts';

const LOOK_EVERY_MS = 5 * SECOND_MS;

/** Asks for them, waits until all have come or the time is over, and prints each on a line of its own. */
export async function captureSpans(
  { capture: wanted = 0, wait, state: store }: WakeOptions,
  { io, tell, print }: Terminal,
): Promise<ExitCode> {
  const environment = environmentFor(store === undefined ? {} : { state: store }, io.env);
  if (wanted > MOST_SPANS)
    throw new InputError(`At most ${MOST_SPANS} spans are kept at once; give --capture a smaller number`);
  if (environment.stateStore === 'memory') {
    throw new InputError('Spans are kept in the state store of the deployment; name it with --state');
  }
  const state = await wire(environment, localConnectors(tell)).openState();
  const { now, sleep } = io.clock;
  const end = now() + wait;
  await requestCapture(state, wanted, now());
  tell(`waiting for ${counted(wanted, 'span')} of pipelines; the webhook has to send pipeline:span_created`);
  let spans = await capturedSpans(state);
  while (spans.length < wanted && now() < end) {
    await sleep(Math.min(LOOK_EVERY_MS, end - now()), new AbortController().signal);
    spans = await capturedSpans(state);
  }
  await requestCapture(state, 0, now());
  for (const span of spans) print(JSON.stringify(span));
  tell(`${spans.length} of ${counted(wanted, 'span')} came`);
  return spans.length === wanted ? 0 : 1;
}
