/**
 * EKS and STS on the loopback interface: DescribeCluster and AssumeRole over made-up accounts. It remembers each call
 * as a line, such as `eu-west-1 DescribeCluster ci by AKIDEXAMPLE`.
 */
import { vi } from 'vitest';
import { awsEnvironment, type ScriptedAnswer, type SeenRequest, scriptedService } from '#kit/loopback.ts';

/** What DescribeCluster tells. */
export type DescribedCluster = {
  readonly status?: string;
  readonly endpoint?: string;
  /** PEM. */
  readonly ca?: string;
  readonly vpc?: { readonly endpointPublicAccess?: boolean; readonly publicAccessCidrs?: readonly string[] };
};

/** The credentials that a role gives. */
export type RoleCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** How long they live from the moment that they are asked for. */
  readonly lifeMs: number;
};

export type LoopbackAws = AsyncDisposable & {
  readonly calls: readonly string[];
  /** By `region/name`; may be changed. */
  readonly clusters: Map<string, DescribedCluster>;
  /** By ARN; may be changed. */
  readonly roles: Map<string, RoleCredentials>;
  /** Answers the next call of this action in its place. */
  failNext(action: 'DescribeCluster' | 'AssumeRole', answer: ScriptedAnswer, times?: number): void;
};

/** Starts both services, and points the SDK's environment at them until it is disposed of. */
export async function startLoopbackAws(): Promise<LoopbackAws> {
  const calls: string[] = [];
  const clusters = new Map<string, DescribedCluster>();
  const roles = new Map<string, RoleCredentials>();
  const faults: { readonly action: string; readonly answer: ScriptedAnswer; left: number }[] = [];
  const service = await scriptedService((request) => {
    const call = readCall(request);
    calls.push(`${call.region} ${call.action} ${call.subject} by ${call.accessKeyId}`);
    const fault = faults.find(({ action, left }) => action === call.action && left > 0);
    if (fault !== undefined) {
      fault.left -= 1;
      return fault.answer;
    }
    return call.action === 'AssumeRole'
      ? answerAssumeRole(roles.get(call.subject.split(' ')[0] ?? ''))
      : answerDescribe(call.subject, clusters.get(`${call.region}/${call.subject}`));
  });
  for (const [name, value] of Object.entries(awsEnvironment(service.url))) vi.stubEnv(name, value);
  return {
    calls,
    clusters,
    roles,
    failNext: (action, answer, times = 1) => faults.push({ action, answer, left: times }),
    async [Symbol.asyncDispose]() {
      vi.unstubAllEnvs();
      await service.close();
    },
  };
}

/** An error of EKS, which speaks JSON. */
export function eksError(status: number, type: string, message = `${type} happened`): ScriptedAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
    body: JSON.stringify({ message }),
  };
}

/** An error of STS, which speaks XML. */
export function stsError(status: number, code: string, message = `${code} happened`): ScriptedAnswer {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  return xml(status, `<ErrorResponse>${error}<RequestId>1</RequestId></ErrorResponse>`);
}

type Call = {
  readonly region: string;
  readonly action: string;
  readonly subject: string;
  readonly accessKeyId: string;
};

function readCall({ path, headers, body }: SeenRequest): Call {
  const [, accessKeyId = '', region = ''] =
    /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  const name = /^\/clusters\/([^/?]+)$/.exec(path)?.[1];
  if (name !== undefined) {
    return { region, accessKeyId, action: 'DescribeCluster', subject: decodeURIComponent(name) };
  }
  const form = new URLSearchParams(body);
  const said = form.has('ExternalId') ? ` with ${form.get('ExternalId')}` : '';
  return { region, accessKeyId, action: form.get('Action') ?? '', subject: `${form.get('RoleArn')}${said}` };
}

function answerDescribe(name: string, described: DescribedCluster | undefined): ScriptedAnswer {
  if (described === undefined) {
    return eksError(404, 'ResourceNotFoundException', `No cluster found for name: ${name}.`);
  }
  const { status = 'ACTIVE', endpoint, ca, vpc } = described;
  const cluster = {
    name,
    status,
    endpoint,
    certificateAuthority: ca === undefined ? undefined : { data: Buffer.from(ca).toString('base64') },
    resourcesVpcConfig: vpc,
  };
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ cluster }) };
}

function answerAssumeRole(role: RoleCredentials | undefined): ScriptedAnswer {
  if (role === undefined) return stsError(403, 'AccessDenied', 'not authorized to perform: sts:AssumeRole on resource');
  const credentials = [
    `<AccessKeyId>${role.accessKeyId}</AccessKeyId>`,
    `<SecretAccessKey>${role.secretAccessKey}</SecretAccessKey>`,
    `<SessionToken>${role.sessionToken}</SessionToken>`,
    `<Expiration>${new Date(Date.now() + role.lifeMs).toISOString()}</Expiration>`,
  ].join('');
  return xml(
    200,
    `<AssumeRoleResponse><AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
  );
}

function xml(status: number, body: string): ScriptedAnswer {
  return { status, headers: { 'content-type': 'text/xml' }, body };
}
