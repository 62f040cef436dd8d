import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Credential } from '#adapters/credentials.ts';
import { createLogger } from '#adapters/telemetry/log.ts';
import { isSecretField, redactText } from '#adapters/telemetry/redact.ts';
import { Secret } from '#core/secret.ts';
import { runner } from '#kit/fleet.ts';

describe('fields whose values are hidden', () => {
  it.each([
    ['clientSecret', true],
    ['OAUTH_CLIENT_SECRET', true],
    ['secret', true],
    ['token', true],
    ['access_token', true],
    ['Authorization', true],
    ['proxy-authorization', true],
    ['password', true],
    ['set-cookie', true],
    ['X-Amz-Security-Token', true],
    ['stringData', true],
    ['oauthClientSecret_base64', true],
    ['secretId', false],
    ['BITBUCKET_SECRET_ID', false],
    ['tokenUrl', false],
    ['token_endpoint', false],
    ['group', false],
    ['passed', false],
  ])('%s: %s', (name, hidden) => {
    expect(isSecretField(name)).toBe(hidden);
  });
});

describe('texts', () => {
  it.each([
    ['a basic header', 'Authorization: Basic Y2k6dG9wc2VjcmV0', 'Authorization: Basic [secret]'],
    ['a bearer header', 'sent bearer abc.def-ghi_jkl to it', 'sent bearer [secret] to it'],
    ['a URL with a user', 'GET https://ci:topsecret@bitbucket.org/x', 'GET https://[secret]@bitbucket.org/x'],
    ['JSON', '{"clientSecret":"topsecret","id":"x"}', '{"clientSecret":"[secret]","id":"x"}'],
    [
      'JSON in JSON',
      '"{\\"token\\": \\"topsecret\\", \\"id\\":\\"x\\"}"',
      '"{\\"token\\": \\"[secret]\\", \\"id\\":\\"x\\"}"',
    ],
    ['a form', 'grant_type=x&client_secret=topsecret&y=z', 'grant_type=x&client_secret=[secret]&y=z'],
    [
      'one part after another',
      `${'a.'.repeat(200_000)}client_secret=topsecret`,
      `${'a.'.repeat(200_000)}client_secret=[secret]`,
    ],
    ['a URL behind a long word', `${'a+'.repeat(200_000)}://me:topsecret@x`, `${'a+'.repeat(200_000)}://[secret]@x`],
    ['an API token', 'the token ATATT3xFfGF0topsecret', 'the token [secret]'],
    ['an EKS token', 'k8s-aws-v1.aHR0cHM6Ly90b3BzZWNyZXQ', '[secret]'],
    ['a sentence about tokens', 'the token lacks the scope read:runner', 'the token lacks the scope read:runner'],
    [
      'a sentence of ours',
      'Basic and bearer are both allowed; set BITBUCKET_SECRET_ID',
      'Basic and bearer are both allowed; set BITBUCKET_SECRET_ID',
    ],
  ])('%s', (_, text, redacted) => {
    expect(redactText(text)).toBe(redacted);
  });
});

describe('the log', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const secretText = fc.stringMatching(/^[A-Za-z0-9_-]{12,40}$/);

  function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
    let text = '';
    const keep = (chunk: unknown) => {
      text += String(chunk);
      return true;
    };
    vi.spyOn(process.stdout, 'write').mockImplementation(keep);
    vi.spyOn(process.stderr, 'write').mockImplementation(keep);
    const logger = createLogger();
    logger.setLogLevel('TRACE');
    write(logger);
    vi.restoreAllMocks();
    return text;
  }

  const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'critical'] as const;

  /** What could meet a logger with a secret in it, and how far its secret is wrapped. */
  const CARRIERS: readonly (readonly [string, (text: string) => unknown])[] = [
    ['a Secret', (text) => ({ value: new Secret(text) })],
    ['an API token', (text): Credential => ({ kind: 'apiToken', email: 'a@b.c', token: new Secret(text) })],
    ['an OAuth consumer', (text): Credential => ({ kind: 'oauth', clientId: 'x', clientSecret: new Secret(text) })],
    ['an app password', (text): Credential => ({ kind: 'appPassword', username: 'x', password: new Secret(text) })],
    ['a registration', (text) => ({ runner: runner(), clientId: 'x', clientSecret: new Secret(text) })],
    ['a raw registration', (text) => ({ oauth_client: { id: 'x', secret: text } })],
    ['a manifest of a Secret', (text) => ({ kind: 'Secret', stringData: { oauthClientSecret: text } })],
    ['a raw answer', (text) => ({ body: JSON.stringify({ oauth_client: { secret: text } }) })],
    ['request headers', (text) => ({ headers: { authorization: `Bearer ${text}`, accept: '*/*' } })],
    ['header lists', (text) => ({ rawHeaders: ['authorization', `Basic ${text}`] })],
  ];

  it.each(CARRIERS)('shows nothing of %s at any level, nor as the cause of an error', (_, carry) => {
    fc.assert(
      fc.property(secretText, fc.constantFrom(...LEVELS), (text, level) => {
        const carrier = carry(text);
        const cause = Object.assign(new Error(`Bearer ${text} was refused`), { carrier });
        const error = Object.assign(new Error('the call failed', { cause }), { request: carrier });
        const output = logged((logger) => {
          logger[level]('plain', { carrier, nested: [{ deeper: carrier }] });
          logger[level]('with an error', error);
          logger[level]({ message: `header Bearer ${text}`, carrier });
        });
        expect(output.split('\n').filter((line) => line !== '')).toHaveLength(3);
        expect(output).not.toContain(text);
      }),
      { numRuns: 30 },
    );
  });
});
