/** What a doctor looks through; `adapters/wiring.ts` makes it. */
import type { Alarm } from '#adapters/aws/alarms.ts';
import type { BitbucketClient } from '#adapters/bitbucket/client.ts';
import type { Credential } from '#adapters/credentials.ts';
import type { Answer, NoAnswer, TooLarge } from '#adapters/http/exchange.ts';
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import type { InspectedFleet } from '#config/load.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { StateStore } from '#core/ports.ts';
import type { Secret } from '#core/secret.ts';

export type Instruments = {
  readonly now: () => Instant;
  /** Where the configuration lies, for messages. */
  readonly source: string;
  /** As `inspectFleet` of `config/load.ts`. Throws `InputError` when none is named. */
  readonly inspectFleet: () => Promise<InspectedFleet>;
  /** The secret of workspaces that name none of their own; undefined: the environment's credential. */
  readonly defaultSecretId: string | undefined;
  /** Reads the credential anew. Throws as `loadCredential`. */
  readonly credential: (secretId: string | undefined) => Promise<Credential>;
  /** A client without a budget: a doctor makes few calls, and they have to go out. */
  readonly bitbucket: (credential: Credential) => BitbucketClient;
  /** The address of Bitbucket's API, for messages. */
  readonly bitbucketUrl: string;
  /** Asks Bitbucket once for something that anybody may read. */
  readonly knock: () => Promise<Answer | NoAnswer | TooLarge>;
  /** Where pipelines ask for runners, as the environment names it. */
  readonly wakeUrl: string | undefined;
  /** Asks for this address once, without a token. */
  readonly ring: (url: string) => Promise<Answer | NoAnswer | TooLarge>;
  /** What events are signed with; undefined where none is named. Throws as `readWebhookSecret`. */
  readonly webhookSecret: () => Promise<Secret | undefined>;
  /** Requests to Bitbucket since the process began. */
  readonly bitbucketCalls: () => number;
  /** Rejects where the cluster's configuration cannot be used. */
  readonly cluster: (fleet: Fleet, name: string) => Promise<ClusterClient>;
  /** The location of the state store, such as `dynamodb:TABLE`. */
  readonly stateStore: string;
  readonly openState: () => Promise<StateStore>;
  /** The name of the deployment, where the process knows it. */
  readonly serviceName: string | undefined;
  /** The alarms whose names begin so; undefined where we may not look. */
  readonly alarms: (prefix: string) => Promise<readonly Alarm[] | undefined>;
  /**
   * Whose rights the doctor's own are: those of whoever runs the command, who may be the one that runs ticks, or those of
   * the function `report`, which only reads.
   */
  readonly self: 'user' | 'report';
};
