/** What is used of the client, named in a static import: of a package that is imported late, the bundle keeps everything. */
export { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
