/**
 * A deployed stack with all that its functions live among: a Bitbucket, and a real cluster that EKS describes and whose
 * authenticator knows the functions' roles by the access entries of the deployed template. A function is the artefact
 * that was deployed, with the environment that Lambda has for it and a session of its role, which may do what the role's
 * policies say and nothing else.
 *
 *   await using world = await openWorld('prod', { clusters: 'ci' });
 *   await world.push(configuration());
 *   await using scale = await world.start('scale');
 *   await scale.invoke({});
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import type { KnownIdentity } from '../adapters/eks/authenticator.ts';
import { useCluster } from '../cluster/cluster.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { startEksWebhook } from '../cluster/eks-webhook.ts';
import { type Lambda, startLambda } from '../functions/lambda.ts';
import { npmRun, parameterArguments } from './commands.ts';
import { ACCOUNT, type Emulator, REGION, startEmulator } from './emulator.ts';
import { deploy, deployedTemplate, type FunctionName, functionConfiguration, nameOf, unpackArtefact } from './stack.ts';

/** The cluster of the stack, as EKS calls it. */
export const CLUSTER = 'ci';

/** What the secret holds; no output may ever contain it. */
export const API_TOKEN = 'ATATT-emulated-api-token-0123456789';

export type World = Awaited<ReturnType<typeof openWorld>>;

/** A world with a stack of these parameters, by default one that osls deploys; some 20 seconds. */
export async function openWorld(
  stage: string,
  parameters: Readonly<Record<string, string>>,
  deployStack: (...args: Parameters<typeof deploy>) => Promise<unknown> = deploy,
) {
  const directory = await mkdtemp(join(tmpdir(), 'deployed-'));
  const identities: Record<string, KnownIdentity> = {};
  const clock = { aheadMs: 0 };
  const webhook = await startEksWebhook(join(directory, 'webhook.json'), {
    clusterName: CLUSTER,
    region: REGION,
    identities,
    now: () => Date.now() + clock.aheadMs,
  });
  const [aws, plane] = await Promise.all([
    startEmulator(),
    startControlPlane({ apiServerFlags: webhook.apiServerFlags }),
  ]);
  const bitbucket = await startLoopbackBitbucket({ workspaces: { acme: [] } });
  const cluster = useCluster(plane.address);
  const place = await cluster.makeNamespace();
  await createCluster(aws, CLUSTER, plane.address.url, plane.address.certificateAuthority);
  await deployStack(aws, stage, parameters);
  const artefact = await unpackArtefact(aws, stage);

  async function start(name: FunctionName, role = name, over: Readonly<Record<string, string>> = {}): Promise<Lambda> {
    const { Role } = await functionConfiguration(aws, stage, role);
    const session = await assumeRole(aws, Role);
    identities[session.AccessKeyId] = {
      secretAccessKey: session.SecretAccessKey,
      sessionToken: session.SessionToken,
      username: Role,
      groups: await groupsOf(aws, stage, role),
    };
    const { Handler, Environment } = await functionConfiguration(aws, stage, name);
    const lambda = await startLambda(join(artefact, Handler.replace(/\.handler$/, '.js')), {
      ...Environment.Variables,
      ...aws.environment,
      AWS_ACCESS_KEY_ID: session.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: session.SecretAccessKey,
      AWS_SESSION_TOKEN: session.SessionToken,
      BITBUCKET_BASE_URL: bitbucket.url,
      ...over,
    });
    return { ...lambda, invoke: (event, options) => lambda.invoke(event, { clockAheadMs: clock.aheadMs, ...options }) };
  }

  return {
    stage,
    name: nameOf(stage),
    aws,
    bitbucket,
    cluster,
    place,
    /** What the cluster's authenticator decided. */
    verdicts: webhook.verdicts,
    /** Starts a function, with its own role or another's, and with variables besides those that Lambda has for it. */
    start,
    /** Moves the clocks of the functions and of the authenticator on; Bitbucket and the cluster have the machine's. */
    advance(ms: number): void {
      clock.aheadMs += ms;
    },
    /** The registrations in Bitbucket. */
    runners: () => bitbucket.runners({ workspace: 'acme' }),
    /** Everything in the table of the state. */
    async items() {
      const { Items } = await aws.call<{ Items: readonly Item[] }>('dynamodb', 'scan', { TableName: nameOf(stage) });
      return Items;
    },
    /** `npm run config:push` of a file with this text, and of templates beside it; fails with its output. */
    async push(text: string, templates: Readonly<Record<string, string>> = {}): Promise<void> {
      const file = join(directory, 'runners.yaml');
      const files = Object.entries({ 'runners.yaml': text, ...templates });
      await Promise.all(files.map(([name, content]) => writeFile(join(directory, name), content)));
      const args = ['--stage', stage, ...parameterArguments(parameters), file];
      const { code, output } = await npmRun('config:push', args, aws.environment);
      if (code !== 0) throw new Error(output);
    },
    /** Makes the secret that the stack names, or gives it another content. */
    async putSecret(content: string): Promise<void> {
      const id = `bitbucket-runner-autoscaler/${stage}`;
      const { SecretList } = await aws.call<{ SecretList: readonly unknown[] }>('secretsmanager', 'list_secrets');
      const [operation, key] = SecretList.length === 0 ? ['create_secret', 'Name'] : ['put_secret_value', 'SecretId'];
      await aws.call('secretsmanager', operation, { [key]: id, SecretString: content });
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([aws[Symbol.asyncDispose](), plane.stop(), webhook[Symbol.asyncDispose](), bitbucket.close()]);
      await Promise.all([directory, artefact].map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}

/** An item as DynamoDB gives it. */
export type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string; readonly B?: string }>>;

/** A credential as the secret holds it. */
export function credential(over: object = {}): string {
  return JSON.stringify({ kind: 'apiToken', email: 'ci@acme.example', token: API_TOKEN, ...over });
}

/** Lets EKS know a cluster at this address. */
export async function createCluster(aws: Emulator, name: string, endpoint: string, ca: string): Promise<void> {
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/eks`;
  const resourcesVpcConfig = { subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'] };
  await aws.call('eks', 'create_cluster', { name, roleArn, resourcesVpcConfig });
  await aws.placeCluster({ name, endpoint, ca });
}

type Session = { readonly AccessKeyId: string; readonly SecretAccessKey: string; readonly SessionToken: string };

async function assumeRole(aws: Emulator, role: string): Promise<Session> {
  const { Credentials } = await aws.call<{ Credentials: Session }>('sts', 'assume_role', {
    RoleArn: role,
    RoleSessionName: 'function',
  });
  return Credentials;
}

/** The groups that the stack's access entry for this role names. */
async function groupsOf(aws: Emulator, stage: string, role: FunctionName): Promise<readonly string[]> {
  const resource = { scale: 'ScaleRole', report: 'ReportRole', wake: 'WakeRole' }[role];
  const { Resources } = await deployedTemplate(aws, stage);
  const entry = Object.values(Resources).find(
    ({ Type, Properties }) =>
      Type === 'AWS::EKS::AccessEntry' &&
      Properties.ClusterName === CLUSTER &&
      JSON.stringify(Properties.PrincipalArn) === JSON.stringify({ 'Fn::GetAtt': [resource, 'Arn'] }),
  );
  return (entry?.Properties.KubernetesGroups ?? []) as readonly string[];
}
