/** The files that a control plane is started with: keys, identities, what to audit, and kubeconfigs. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from '#kit/certificate.ts';
import { IDENTITIES, type IdentityName } from './identities.ts';

/** A user of a kubeconfig, as the file has it. */
export type KubeconfigUser = Readonly<Record<string, unknown>>;

/** Everybody but the tests' own hands and the API server itself, without bodies: who did what to which object. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', userGroups: ['system:masters', 'system:unauthenticated'] },
    { level: 'None', users: ['system:apiserver'] },
    { level: 'Metadata' },
  ],
};

export type ControlPlaneFiles = {
  readonly servingCertificate: string;
  readonly servingKey: string;
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
  readonly tokens: string;
  readonly auditPolicy: string;
  readonly auditLog: string;
  /** PEM; the serving certificate is its own CA. */
  readonly certificateAuthority: string;
  readonly tokenOf: Readonly<Record<IdentityName, string>>;
};

/** Writes them into the directory and gives their paths. */
export function writeControlPlaneFiles(directory: string): ControlPlaneFiles {
  const write = (name: string, content: string): string => {
    const path = join(directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const { cert, key } = makeCertificate(['localhost', '127.0.0.1']);
  const serviceAccounts = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const names = Object.keys(IDENTITIES) as readonly IdentityName[];
  const tokenOf = Object.fromEntries(names.map((name) => [name, randomUUID()])) as Record<IdentityName, string>;
  return {
    servingCertificate: write('serving.crt', cert),
    servingKey: write('serving.key', key),
    serviceAccountKey: write('service-accounts.key', serviceAccounts.privateKey),
    serviceAccountPublicKey: write('service-accounts.pub', serviceAccounts.publicKey),
    tokens: write('tokens.csv', names.map((name) => tokenLine(tokenOf[name], name)).join('\n')),
    auditPolicy: write('audit-policy.json', JSON.stringify(AUDIT_POLICY)),
    auditLog: join(directory, 'audit.log'),
    certificateAuthority: cert,
    tokenOf,
  };
}

function tokenLine(token: string, name: IdentityName): string {
  const { user, groups } = IDENTITIES[name];
  return `${token},${user},${name},"${groups.join(',')}"`;
}

/** Where a kubeconfig points. */
export type KubeconfigCluster = { readonly url: string; readonly certificateAuthority: string };

/** Writes a kubeconfig with one cluster and one user, and gives its path. */
export function writeKubeconfig(
  directory: string,
  { url, certificateAuthority }: KubeconfigCluster,
  user: KubeconfigUser,
): string {
  mkdirSync(join(directory, 'kubeconfigs'), { recursive: true });
  const path = join(directory, 'kubeconfigs', randomUUID());
  const authority = Buffer.from(certificateAuthority).toString('base64');
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority-data': authority } }],
    users: [{ name: 'user', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'user' } }],
    'current-context': 'test',
  };
  writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
  return path;
}
