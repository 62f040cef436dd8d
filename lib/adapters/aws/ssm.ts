/** What is used of the client, named in a static import: of a package that is imported late, the bundle keeps everything. */
export { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
