/** What Bitbucket says of its own limit: the headers `X-RateLimit-*`, as far as they are there and can be read. */
import type { IncomingHttpHeaders } from 'node:http';
import type { RateLimit } from '#core/budget/call-budget.ts';

export function readRateLimit(headers: IncomingHttpHeaders): RateLimit {
  const limit = readCount(headers['x-ratelimit-limit']);
  const remaining = readCount(headers['x-ratelimit-remaining']);
  const near = textOf(headers['x-ratelimit-nearlimit']).toLowerCase();
  return {
    ...(limit !== undefined && limit > 0 && { limit }),
    ...(remaining !== undefined && { remaining }),
    ...((near === 'true' || near === 'false') && { nearLimit: near === 'true' }),
  };
}

function readCount(value: string | string[] | undefined): number | undefined {
  const text = textOf(value);
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** Node joins the values of a header that comes twice, but its types do not say so. */
function textOf(value: string | string[] | undefined): string {
  return String(value ?? '').trim();
}
