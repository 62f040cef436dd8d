/** Texts from S3, SSM and files: what is asked, what comes back, and every way in which it goes wrong. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readSource, type SourceCache } from '#adapters/source.ts';
import { awsEnvironment, json, jsonError, type ScriptedAnswer, scriptedService } from '#kit/loopback.ts';

const YAML = 'groups: [] # ü\n';
const TOO_LARGE = 4 * 1024 * 1024 + 1;

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0); // the SDK's back-off
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Reads the source as often as there are answers; each reading's text or error, and what was asked. */
async function read(source: string, ...answers: readonly ScriptedAnswer[]) {
  const service = await scriptedService((_, index) => answers[index] ?? answers.at(-1) ?? 'hang');
  for (const [name, value] of Object.entries(awsEnvironment(service.url))) vi.stubEnv(name, value);
  const cache: SourceCache = new Map();
  const onCall = vi.fn();
  const results: unknown[] = [];
  // Short only where nothing comes: an answer that does come must never be late, on however slow a machine.
  const timeoutMs = answers.includes('stall') || answers.includes('hang') ? 500 : 600_000;
  try {
    for (const _ of answers) {
      results.push(await readSource(source, { onCall, cache, timeoutMs }).catch((error: unknown) => error));
    }
    expect(onCall).toHaveBeenCalledTimes(service.seen.length);
    return { results, seen: service.seen };
  } finally {
    await service.close();
  }
}

function s3Error(
  status: number,
  code: string,
  headers: Record<string, string> = {},
  message: string = code,
): ScriptedAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body };
}

describe('s3://', () => {
  const found = (body: string | Uint8Array, etag = '"1"') => ({ status: 200, headers: { etag }, body });

  it('gives the text of the object', async () => {
    const { results, seen } = await read('s3://bucket/deep/runners config.yaml', found(YAML));
    expect(results).toEqual([YAML]);
    expect(seen.map(({ method, path }) => [method, path])).toEqual([
      ['GET', '/bucket/deep/runners%20config.yaml?x-id=GetObject'],
    ]);
  });

  it('asks again only whether it changed, and keeps the text while it did not', async () => {
    const { results, seen } = await read('s3://bucket/key', found('one'), { status: 304 }, found('two', '"2"'), {
      status: 304,
    });
    expect(results).toEqual(['one', 'one', 'two', 'two']);
    expect(seen.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"', '"1"', '"2"']);
  });

  it('drops a byte order mark', async () => {
    expect((await read('s3://bucket/key', found(`\uFEFF${YAML}`))).results).toEqual([YAML]);
  });

  it.each<readonly [string, ScriptedAnswer, string, string]>([
    [
      'a missing object',
      s3Error(404, 'NoSuchKey'),
      'InputError',
      'S3 object s3://bucket/key does not exist; upload it or correct bucket and key',
    ],
    [
      'a missing bucket',
      s3Error(404, 'NoSuchBucket'),
      'InputError',
      'S3 object s3://bucket/key does not exist; upload it or correct bucket and key',
    ],
    [
      'denied access',
      s3Error(403, 'AccessDenied'),
      'ServiceError',
      'AWS denies s3:GetObject on S3 object s3://bucket/key; allow this action in the policy of the role (S3 says the same of a missing object when s3:ListBucket is not allowed)',
    ],
    [
      'a missing object of a bucket that may not be listed',
      s3Error(403, 'AccessDenied', {}, 'User: x is not authorized to perform: s3:ListBucket on resource: y'),
      'InputError',
      'S3 object s3://bucket/key does not exist; upload it or correct bucket and key',
    ],
    [
      'an object that may not be read',
      s3Error(403, 'AccessDenied', {}, 'User: x is not authorized to perform: s3:GetObject on resource: y'),
      'ServiceError',
      'AWS denies s3:GetObject on S3 object s3://bucket/key; allow this action in the policy of the role (S3 says the same of a missing object when s3:ListBucket is not allowed)',
    ],
    [
      'a bucket elsewhere',
      s3Error(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'us-east-2' }),
      'InputError',
      'Bucket bucket of s3://bucket/key is in region us-east-2, not in the one asked; copy the object to a bucket in this region or set AWS_REGION',
    ],
    [
      'a bucket somewhere',
      s3Error(301, 'PermanentRedirect'),
      'InputError',
      'Bucket bucket of s3://bucket/key is in another region, not in the one asked; copy the object to a bucket in this region or set AWS_REGION',
    ],
    [
      'an empty object',
      found(' \n'),
      'InputError',
      'Source s3://bucket/key is empty; put the document there or name another',
    ],
    [
      'bytes that are no text',
      found(new Uint8Array([0xff, 0xfe, 0x41, 0])),
      'InputError',
      'Source s3://bucket/key is not UTF-8 text; save it as UTF-8 and check that it is the right one',
    ],
    [
      'far too much',
      found('x'.repeat(TOO_LARGE)),
      'InputError',
      'Source s3://bucket/key is larger than 4 MB; check that it is the right one',
    ],
    [
      'a service that is down',
      s3Error(503, 'ServiceUnavailable'),
      'ServiceError',
      'AWS failed at s3:GetObject on S3 object s3://bucket/key (503 ServiceUnavailable); it is tried anew next time',
    ],
    [
      'an object that stops half-way',
      'stall',
      'ServiceError',
      'AWS did not answer s3:GetObject on S3 object s3://bucket/key in time; check the network path (subnet, NAT, endpoint) if this lasts',
    ],
  ])('%s', async (_case, answer, name, message) => {
    expect((await read('s3://bucket/key', answer)).results).toMatchObject([{ name, message }]);
  });

  it.each(['s3://', 's3://bucket', 's3://bucket/', 's3:/bucket/key', 's3:///key'])('refuses %s', async (source) => {
    await expect(readSource(source)).rejects.toMatchObject({
      name: 'InputError',
      message: `Source "${source}" does not name an object in S3; write s3://bucket/key`,
    });
  });
});

describe('ssm:', () => {
  it('gives the decrypted value of the parameter', async () => {
    const { results, seen } = await read('ssm:/ci/runners', json(200, { Parameter: { Value: YAML } }));
    expect(results).toEqual([YAML]);
    expect(seen.map(({ body }) => JSON.parse(body))).toEqual([{ Name: '/ci/runners', WithDecryption: true }]);
  });

  it.each([
    [
      'a missing parameter',
      jsonError(400, 'ParameterNotFound'),
      'InputError',
      'SSM parameter /ci/runners does not exist; create it (it holds 4 KB, an advanced one 8 KB; what is larger belongs in S3) or correct the name',
    ],
    [
      'denied access',
      jsonError(400, 'AccessDeniedException'),
      'ServiceError',
      'AWS denies ssm:GetParameter on SSM parameter /ci/runners; allow this action in the policy of the role',
    ],
    [
      'denied decryption',
      jsonError(400, 'AccessDeniedException', 'User x is not authorized to perform: kms:Decrypt on y'),
      'ServiceError',
      'AWS denies kms:Decrypt on SSM parameter /ci/runners; allow this action in the policy of the role',
    ],
    [
      'an empty value',
      json(200, { Parameter: { Value: ' ' } }),
      'InputError',
      'Source ssm:/ci/runners is empty; put the document there or name another',
    ],
  ])('%s', async (_case, answer, name, message) => {
    expect((await read('ssm:/ci/runners', answer)).results).toMatchObject([{ name, message }]);
  });

  it.each(['ssm:', 'ssm://ci/runners'])('refuses %s', async (source) => {
    await expect(readSource(source)).rejects.toMatchObject({
      name: 'InputError',
      message: `Source "${source}" does not name an SSM parameter; write ssm:/name`,
    });
  });
});

describe('a file', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'source-'));
    await writeFile(join(directory, 'runners config.yaml'), YAML);
    await writeFile(join(directory, 'marked.yaml'), `\uFEFF${YAML}`);
    await writeFile(join(directory, 'empty.yaml'), '');
    await writeFile(join(directory, 'utf16.yaml'), Buffer.from(`\uFEFF${YAML}`, 'utf16le'));
    await writeFile(join(directory, 'large.yaml'), 'x'.repeat(TOO_LARGE));
  });

  afterAll(() => rm(directory, { recursive: true }));

  it.each([
    ['an absolute path', (path: string) => path],
    ['a relative path', (path: string) => relative(process.cwd(), path)],
    ['file: and a path', (path: string) => `file:${path}`],
    ['a file URL', (path: string) => pathToFileURL(path).href],
  ])('by %s', async (_case, source) => {
    expect(await readSource(source(join(directory, 'runners config.yaml')))).toBe(YAML);
  });

  it('drops a byte order mark', async () => {
    expect(await readSource(join(directory, 'marked.yaml'))).toBe(YAML);
  });

  it.each([
    ['none.yaml', 'File PATH cannot be read: there is no such file; check the path and the directory in which you are'],
    ['.', 'File PATH cannot be read: it is a directory; name a file in it'],
    ['empty.yaml/x', 'File PATH cannot be read: a part of its path is not a directory; choose another path'],
    ['empty.yaml', 'Source PATH is empty; put the document there or name another'],
    ['utf16.yaml', 'Source PATH is not UTF-8 text; save it as UTF-8 and check that it is the right one'],
    ['large.yaml', 'Source PATH is larger than 4 MB; check that it is the right one'],
  ])('%s is refused', async (file, message) => {
    const path = join(directory, file);
    await expect(readSource(path)).rejects.toMatchObject({
      name: 'InputError',
      message: message.replace('PATH', path),
    });
  });

  it.each([
    ['', 'The source is empty; use s3://bucket/key, ssm:/name or a path'],
    ['file:', 'The source is empty; use s3://bucket/key, ssm:/name or a path'],
    ['https://x/y', 'Source "https://x/y" is of no kind that can be read; use s3://bucket/key, ssm:/name or a path'],
    ['file://host/x', 'Source "file://host/x" is not the URL of a file here; write file:///path or just the path'],
  ])('refuses "%s"', async (source, message) => {
    await expect(readSource(source)).rejects.toMatchObject({ name: 'InputError', message });
  });
});
