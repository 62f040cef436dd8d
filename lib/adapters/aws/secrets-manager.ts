/** What is used of the client, named in a static import: of a package that is imported late, the bundle keeps everything. */
export { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
