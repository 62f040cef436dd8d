/** What is used of the client, named in a static import: of a package that is imported late, the bundle keeps everything. */
export { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
