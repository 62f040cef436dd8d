/** Whether Bitbucket can be reached at all, before any credential comes into it, and whether our clocks agree. */
import { type Answer, type NoAnswer, silenceOf, type TooLarge } from '#adapters/http/exchange.ts';
import { MINUTE_MS, SECOND_MS } from '#core/time.ts';
import { type Check, failed, ok, skipped } from './check.ts';
import type { Instruments } from './instruments.ts';

/** AWS refuses signatures that are five minutes off; a minute is already more than any clock that is set has. */
const MOST_SKEW_MS = MINUTE_MS;

/** Asks once, without a credential. Any answer but a server error means that the way is open. */
export async function checkWay({ knock, bitbucketUrl, now }: Instruments): Promise<readonly Check[]> {
  const exchange = await knock();
  if (exchange.kind !== 'answer') {
    const [detail, next] = explain(exchange);
    return [failed('bitbucket', bitbucketUrl, `${detail} (${silenceOf(exchange)})`, next)];
  }
  const { status } = exchange;
  if (status >= 500) {
    const next = 'look at https://bitbucket.status.atlassian.com, and at any proxy on the way';
    return [failed('bitbucket', bitbucketUrl, `it answers ${status}`, next)];
  }
  return [ok('bitbucket', bitbucketUrl, 'it answers'), clock(exchange, now())];
}

/** The next step depends on where the way ends: at the name server, on the network, or in the TLS handshake. */
function explain(silence: NoAnswer | TooLarge): readonly [detail: string, next: string] {
  if (['ENOTFOUND', 'EAI_AGAIN'].includes(silenceOf(silence))) {
    return ['its name cannot be resolved', 'check BITBUCKET_BASE_URL and the name server (DNS) of this network'];
  }
  switch (silence.kind) {
    case 'untrusted':
      return [
        'its certificate is not trusted',
        'a proxy that opens TLS needs its own CA: set NODE_EXTRA_CA_CERTS to that CA; else check BITBUCKET_BASE_URL',
      ];
    case 'timed-out':
    case 'unreachable':
      return [
        'there is no way to it',
        'allow port 443 to it (a function in a VPC needs a NAT gateway), or set HTTPS_PROXY to the proxy of this network',
      ];
    case 'connection-lost':
      return ['the connection breaks', 'look at firewalls and proxies on the way'];
    case 'too-large':
      return ['its answer is larger than any of Bitbucket', 'check BITBUCKET_BASE_URL'];
  }
}

function clock({ headers }: Answer, now: number): Check {
  const theirs = Date.parse(headers.date ?? '');
  if (Number.isNaN(theirs)) return skipped('clock', undefined, 'the answer has no date to compare with');
  const seconds = Math.round((now - theirs) / SECOND_MS);
  if (Math.abs(now - theirs) <= MOST_SKEW_MS) {
    return ok('clock', undefined, `within a minute of Bitbucket's`);
  }
  const off = `ours is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} Bitbucket's`;
  return failed('clock', undefined, off, 'set it by NTP: AWS refuses what is signed more than 5 minutes off');
}
