/** `wake`: a step of a pipeline asks for runners, and waits until they are online. It needs no configuration. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Variables } from '#adapters/environment.ts';
import { type Exchange, jsonRequest, send, silenceOf } from '#adapters/http/exchange.ts';
import { InputError } from '#core/errors.ts';
import { duration } from '#core/quantities.ts';
import { MINUTE_MS, SECOND_MS } from '#core/time.ts';
import { parseDuration } from '#yaml/quantity.ts';
import { jsonIn, recordOf } from '#yaml/values.ts';
import type { ExitCode } from './failure.ts';
import { parseCount } from './option-values.ts';
import type { Terminal } from './terminal.ts';
import { captureSpans } from './wake-capture.ts';

const HELP = `
Asks for runners of a group that sleeps, and waits until as many are online. A step on Bitbucket's own machines runs it, with
"oidc: true": its token (BITBUCKET_STEP_OIDC_TOKEN) says who asks. Asking again adds nothing. docs/from-zero.md has a whole
pipeline, and the same as twelve lines of shell. With --capture it instead keeps spans of pipelines that Bitbucket sends, without
names in them, and prints them.

Examples:
  $ runner-autoscaler wake --url https://abc.lambda-url.eu-west-1.on.aws --group linux-large --runners 2
  $ runner-autoscaler wake --labels linux,large --wait 5m --json | jq .online
  $ runner-autoscaler wake --capture 10 --state dynamodb:bitbucket-runner-autoscaler-prod > spans.ndjson

Exit code: 0 they are online, 1 refused, or not online in time, 2 wrong use.`;

/** What the command is told. */
export type WakeOptions = {
  readonly url?: string;
  readonly group?: string;
  readonly labels?: readonly string[];
  readonly runners: number;
  /** Milliseconds. */
  readonly wait: number;
  readonly capture?: number;
  readonly state?: string;
  readonly json?: true;
};

/** Adds the command to the program. */
export function addWake(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('wake')
    .description('ask for runners from within a pipeline, and wait for them')
    .option('--url <address>', 'where to ask (default: $WAKE_URL)')
    .option('-g, --group <name>', 'the group')
    .addOption(
      new Option('--labels <list>', 'labels that its runners have, instead of its name').argParser(parseLabels),
    )
    .option('--runners <count>', 'how many', parseCount, 1)
    .option('--wait <duration>', 'for so long at most; 0s: ask, and do not wait', parseWait, 10 * MINUTE_MS)
    .option('--capture <count>', 'keep and print so many spans of pipelines instead', parseCount)
    .option('--state <store>', 'with --capture: where spans are kept (default: $STATE_STORE)')
    .option('--json', 'print one JSON document on stdout; everything else goes to stderr')
    .addHelpText('after', HELP)
    .action(async (options: WakeOptions) =>
      finish(await (options.capture === undefined ? wake(options, terminal) : captureSpans(options, terminal))),
    );
}

function parseLabels(text: string): readonly string[] {
  return text.split(',').map((label) => label.trim());
}

function parseWait(text: string): number {
  const ms = parseDuration(text);
  if (ms >= 0) return ms;
  throw new InvalidArgumentError('Give a duration, such as 10m or 90s.');
}

/** Between two tries where the answer does not say. */
const RETRY_MS = 5 * SECOND_MS;

/** What one request came to: `again` after so long, or an end. */
type Told = { readonly message: string; readonly counts: object; readonly isOnline: boolean; readonly again?: number };

async function wake(options: WakeOptions, { io, tell, print }: Terminal): Promise<ExitCode> {
  const request = requestOf(options, io.env);
  const { now, sleep } = io.clock;
  const start = now();
  const ask = async () => read(await send(request, AbortSignal.timeout(30 * SECOND_MS)));
  let told = await ask();
  let left = options.wait;
  while (told.again !== undefined && left > 0) {
    tell(told.message);
    await sleep(Math.min(told.again, left), new AbortController().signal);
    told = await ask();
    left = options.wait - (now() - start);
  }
  const { ok, message } = verdictOn(told, options, now() - start);
  if (options.json)
    print(JSON.stringify({ version: 1, online: 0, ...told.counts, ok, waitedMs: now() - start, message }));
  else if (ok) print(message);
  if (!ok) tell(`error: ${message}`);
  return ok ? 0 : 1;
}

/** Whoever does not wait has what he wants when it is written down. */
function verdictOn({ isOnline, again, message, counts }: Told, { wait }: WakeOptions, waitedMs: number) {
  if (isOnline || (wait === 0 && 'group' in counts)) return { ok: true, message };
  return { ok: false, message: again === undefined ? message : `not online in ${duration(waitedMs)}: ${message}` };
}

function requestOf({ url: given, group, labels, runners }: WakeOptions, env: Variables) {
  const [text, token] = [given ?? env.WAKE_URL, env.BITBUCKET_STEP_OIDC_TOKEN];
  if ((group === undefined) === (labels === undefined))
    throw new InputError('Name a group with --group, or its --labels');
  const url = URL.parse(text ?? '');
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url?.hostname ?? '');
  if (url === null || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLocal))) {
    throw new InputError('No address to ask at; give --url https://… or set WAKE_URL (output WakeUrl of the stack)');
  }
  if (token === undefined || token === '') {
    throw new InputError('BITBUCKET_STEP_OIDC_TOKEN is not set; write "oidc: true" in the step');
  }
  const headers = { authorization: `Bearer ${token}` };
  return jsonRequest(
    { method: 'POST', url: url.href, headers },
    group === undefined ? { labels, runners } : { group, runners },
  );
}

/** Statuses after which asking again may help; of Lambda itself, too, while others keep it busy. */
const PASSING = [202, 429, 500, 502, 503, 504];

function read(exchange: Exchange): Told {
  if (exchange.kind !== 'answer') {
    const why = exchange.kind === 'not-sent' ? exchange.error.message : silenceOf(exchange);
    return { message: `no answer (${why})`, counts: {}, isOnline: false, again: RETRY_MS };
  }
  const { status, text, retryAfterMs = RETRY_MS } = exchange;
  const body = recordOf(jsonIn(text));
  const { message, retryAfterS: _, ...counts } = body;
  const said = typeof message === 'string' ? message : `the answer is ${status}`;
  const again = PASSING.includes(status) ? { again: Math.max(SECOND_MS, retryAfterMs) } : {};
  return { message: said, counts, isOnline: status === 200, ...again };
}
