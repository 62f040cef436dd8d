/** What is used of the client, named in a static import: of a package that is imported late, the bundle keeps everything. */
export { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
