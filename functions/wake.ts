/** The door for pipelines that ask for runners and for Bitbucket's events, behind a function URL. It reaches no cluster. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda';
import { readEnvironment, readScaler, readTelemetry } from '#adapters/environment.ts';
import { closeRestingConnections } from '#adapters/http/connections.ts';
import { fetchKeys } from '#adapters/oidc/fetch-keys.ts';
import { createKeyring } from '#adapters/oidc/keys.ts';
import { readSource } from '#adapters/source.ts';
import { openStateStore } from '#adapters/state/open.ts';
import { createLogger } from '#adapters/telemetry/log.ts';
import { createMetrics, emit, metricsOfWake } from '#adapters/telemetry/metrics.ts';
import { type DoorRequest, httpAnswer, openDoor } from '#adapters/wake/door.ts';
import { invokeLook } from '#adapters/wake/invoke.ts';
import { readWebhookSecret } from '#adapters/wake/webhook-secret.ts';
import { InputError } from '#core/errors.ts';
import type { StateStore } from '#core/ports.ts';
import { createConfigurationLoader } from './configuration.ts';

const { serviceName } = readTelemetry();
const logger = createLogger(serviceName);
const metrics = createMetrics(serviceName);
let door: ReturnType<typeof openDoor> | undefined;

export const handler = middy<LambdaFunctionURLEvent, LambdaFunctionURLResult>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async (event: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> => {
    door ??= openDoor(meansOf());
    const answer = await door(requestIn(event));
    const { status, outcome, told, cause } = answer;
    const level = outcome === 'taken' ? 'info' : outcome === 'failed' ? 'error' : 'warn';
    logger[level](cause ?? told.message, { wake: { status, outcome, ...told } });
    emit(metrics, metricsOfWake(outcome));
    closeRestingConnections();
    const { headers, body } = httpAnswer(answer);
    return { statusCode: status, headers, body };
  });

function requestIn({ requestContext, headers, body = '', isBase64Encoded }: LambdaFunctionURLEvent): DoorRequest {
  const encoding = isBase64Encoded ? 'base64' : 'utf8';
  return { method: requestContext.http.method, headers, body: Buffer.from(body, encoding) };
}

function meansOf(): Parameters<typeof openDoor>[0] {
  const environment = readEnvironment();
  const { configSource: source, stateStore, bitbucketBaseUrl: bitbucketUrl } = environment;
  if (source === undefined) throw new InputError('CONFIG_SOURCE is missing; deploy the stack again');
  let state: Promise<StateStore> | undefined;
  const openState = () => {
    state ??= openStateStore(stateStore, { openDatabase: refuseDatabase });
    return state;
  };
  const load = createConfigurationLoader({ source, loading: { readText: readSource }, openState });
  const scaler = readScaler();
  return {
    // As a dry run does, it uses the last good configuration where the present one is refused, and keeps none.
    loadFleet: async () => (await load({ now: Date.now(), mode: 'plan' })).fleet,
    openState,
    keysOf: createKeyring(fetchKeys, Date.now),
    bitbucketUrl,
    webhookSecret: () => readWebhookSecret(environment),
    // An invocation that polls reads floors before each of its looks, but it does so for one minute.
    look: (fleet) =>
      fleet.pollEveryMs !== undefined && scaler.everyMinutes === 1
        ? undefined
        : (workspace) => invokeLook(scaler, workspace, fleet),
    now: Date.now,
  };
}

async function refuseDatabase(path: string): Promise<never> {
  throw new InputError(`State database ${path} would end with the function; set STATE_STORE to dynamodb:TABLE`);
}
