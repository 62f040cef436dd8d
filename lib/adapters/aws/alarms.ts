/**
 * The CloudWatch alarms of a deployment, for a doctor. One call in the protocol of CloudWatch itself (AWS JSON 1.0): the SDK's
 * client would weigh more than everything else that a doctor loads.
 */
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import { ServiceError } from '#core/errors.ts';
import { jsonIn } from '#yaml/values.ts';
import { send, silenceOf } from '../http/exchange.ts';
import { type AwsClientOptions, awsClientSettings } from './client.ts';

const Answer = z.object({
  MetricAlarms: z.array(
    z.object({
      AlarmName: z.string(),
      StateValue: z.string().catch(''),
      ActionsEnabled: z.boolean().catch(true),
      AlarmActions: z.array(z.string()).catch([]),
    }),
  ),
});

/** An alarm, as far as a doctor looks at it. */
export type Alarm = {
  readonly name: string;
  readonly isRinging: boolean;
  /** Whether anybody hears of it. */
  readonly isHeard: boolean;
};

/**
 * The alarms whose names begin with `prefix`; undefined where we may not look. `url`: where CloudWatch is, if not where the
 * region says. Throws `ServiceError` when AWS fails.
 */
export async function describeAlarms(prefix: string, options: AlarmOptions): Promise<readonly Alarm[] | undefined> {
  const { timeoutMs = 5_000, onCall = () => {} } = options;
  const request = await signed(JSON.stringify({ AlarmNamePrefix: prefix, MaxRecords: 100 }), options);
  onCall();
  const exchange = await send(request, AbortSignal.timeout(timeoutMs));
  if (exchange.kind === 'answer' && /AccessDenied|NotAuthorized/.test(exchange.text)) return undefined;
  const isAnswered = exchange.kind === 'answer' && exchange.status === 200;
  const answer = isAnswered ? Answer.safeParse(jsonIn(exchange.text)).data : undefined;
  if (answer === undefined) {
    const why = exchange.kind === 'answer' ? `it answers ${exchange.status}` : silenceOf(exchange);
    const sentence = `CloudWatch does not tell of its alarms (${why}); check AWS_REGION and the AWS credentials`;
    throw new ServiceError(sentence, { service: 'aws', outcome: 'unknown' });
  }
  return answer.MetricAlarms.map(({ AlarmName: name, StateValue, ActionsEnabled, AlarmActions }) => ({
    name,
    isRinging: StateValue === 'ALARM',
    isHeard: ActionsEnabled && AlarmActions.length > 0,
  }));
}

type AlarmOptions = AwsClientOptions & { readonly url?: string | undefined };

/** The request, with region and credentials as every client of the SDK finds them. */
async function signed(body: string, { url: given, ...options }: AlarmOptions) {
  const { STSClient } = await import('./sts.ts');
  const { config } = new STSClient(awsClientSettings(options));
  const [region, credentials] = await Promise.all([config.region(), config.credentials()]);
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const url = new URL(given ?? `https://monitoring.${region}.${domain}/`);
  const signer = new SignatureV4({ service: 'monitoring', region, credentials, sha256: Sha256 });
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: '/',
    headers: {
      host: url.host,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'GraniteServiceVersion20100801.DescribeAlarms',
    },
    body,
  });
  return { method: 'POST' as const, url: url.href, headers, body };
}
