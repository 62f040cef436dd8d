/**
 * Reads the texts that a configuration is made of (the group file, Job templates) from S3, an SSM parameter or a file.
 * Each SDK client is loaded only when a source of its kind is read.
 */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '#core/errors.ts';
import { type AwsClientOptions, awsClientSettings, countCalls } from './aws/client.ts';
import { answerHeader, awsReadFailure, readAwsError } from './aws/failure.ts';
import { fileReason } from './file-errors.ts';

/** Texts by source with the ETag that they came with, for a process that reads the same source every minute. */
export type SourceCache = Map<string, { readonly etag: string; readonly text: string }>;

type SourceOptions = AwsClientOptions & {
  /** Where S3 objects are remembered; by default as long as the process lives. */
  readonly cache?: SourceCache;
};

/** Far above any sensible configuration (1,000 groups are about 500 KB) and far below a Lambda's memory. */
const MAX_BYTES = 4 * 1024 * 1024;

const processCache: SourceCache = new Map();

/**
 * The text of `s3://bucket/key`, `ssm:/name`, or a file's path (also `file:path` or a file URL). Throws `InputError`
 * when the source itself is at fault (missing, empty, too large, not UTF-8) and `ServiceError` when AWS is.
 */
export async function readSource(source: string, options: SourceOptions = {}): Promise<string> {
  const [, kind] = /^(s3|ssm):/.exec(source) ?? [];
  const read = kind === 's3' ? readObject : kind === 'ssm' ? readParameter : readTextFile;
  const text = await read(source, options);
  if (text.trim() === '') throw new InputError(`Source ${source} is empty; put the document there or name another`);
  return text;
}

/* S3 */

async function readObject(source: string, options: SourceOptions): Promise<string> {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(source) ?? [];
  if (bucket === undefined || key === undefined) {
    throw new InputError(`Source "${source}" does not name an object in S3; write s3://bucket/key`);
  }
  const cache = options.cache ?? processCache;
  const known = cache.get(source);
  const { GetObjectCommand, S3Client } = await import('./aws/s3.ts');
  const client = countCalls(new S3Client(awsClientSettings(options)), options.onCall);
  try {
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, IfNoneMatch: known?.etag }));
    // In Node the SDK gives a readable stream; its type also covers browsers.
    const text = await collect(source, answer.Body as AsyncIterable<Uint8Array>);
    if (answer.ETag !== undefined) cache.set(source, { etag: answer.ETag, text });
    return text;
  } catch (error) {
    if (known !== undefined && readAwsError(error).status === 304) return known.text;
    throw objectFailure(error, source, bucket);
  }
}

function objectFailure(error: unknown, source: string, bucket: string): Error {
  const { name, deniedAction } = readAwsError(error);
  if (name === 'PermanentRedirect' || name === 'AuthorizationHeaderMalformed') {
    const region = answerHeader(error, 'x-amz-bucket-region');
    const place = region === undefined ? 'another region' : `region ${region}`;
    return new InputError(
      `Bucket ${bucket} of ${source} is in ${place}, not in the one asked; copy the object to a bucket in this region or set AWS_REGION`,
    );
  }
  const ifMissing = 'upload it or correct bucket and key';
  // Whoever may read an object that is not there, and may not list the bucket, is denied the latter.
  if (deniedAction === 's3:ListBucket') return new InputError(`S3 object ${source} does not exist; ${ifMissing}`);
  return awsReadFailure(error, {
    action: 's3:GetObject',
    subject: `S3 object ${source}`,
    ifMissing,
    ifDenied: 'S3 says the same of a missing object when s3:ListBucket is not allowed',
  });
}

/* SSM */

async function readParameter(source: string, options: SourceOptions): Promise<string> {
  const name = source.slice('ssm:'.length);
  if (name === '' || name.startsWith('//')) {
    throw new InputError(`Source "${source}" does not name an SSM parameter; write ssm:/name`);
  }
  const { GetParameterCommand, SSMClient } = await import('./aws/ssm.ts');
  const client = countCalls(new SSMClient(awsClientSettings(options)), options.onCall);
  try {
    const { Parameter: parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    return parameter?.Value ?? '';
  } catch (error) {
    throw awsReadFailure(error, {
      action: 'ssm:GetParameter',
      subject: `SSM parameter ${name}`,
      ifMissing: 'create it (it holds 4 KB, an advanced one 8 KB; what is larger belongs in S3) or correct the name',
    });
  }
}

/* Files */

async function readTextFile(source: string): Promise<string> {
  const path = parsePath(source);
  try {
    return await collect(source, createReadStream(path));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`File ${path} cannot be read: ${fileReason(error, 'read it')}`, { cause: error });
  }
}

function parsePath(source: string): string {
  if (source.startsWith('file://')) return pathOfUrl(source);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source)) {
    throw new InputError(`Source "${source}" is of no kind that can be read; use s3://bucket/key, ssm:/name or a path`);
  }
  const path = source.startsWith('file:') ? source.slice('file:'.length) : source;
  if (path === '') throw new InputError('The source is empty; use s3://bucket/key, ssm:/name or a path');
  return resolve(path);
}

function pathOfUrl(source: string): string {
  try {
    return fileURLToPath(source);
  } catch (error) {
    throw new InputError(`Source "${source}" is not the URL of a file here; write file:///path or just the path`, {
      cause: error,
    });
  }
}

/** All of it as text: of bounded size, strictly UTF-8, without a byte order mark. */
async function collect(source: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const read: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    // Leaving the loop closes the stream.
    if (size > MAX_BYTES) {
      throw new InputError(
        `Source ${source} is larger than ${MAX_BYTES / 1024 / 1024} MB; check that it is the right one`,
      );
    }
    read.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(read));
  } catch {
    throw new InputError(`Source ${source} is not UTF-8 text; save it as UTF-8 and check that it is the right one`);
  }
}
