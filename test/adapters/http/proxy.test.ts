/** What the environment says of proxies, and which errors are about one. */
import { describe, expect, it } from 'vitest';
import { readProxies } from '#adapters/environment.ts';
import { atProxy } from '#adapters/http/proxy.ts';

const LOCAL = 'localhost,127.0.0.1,::1,[::1]';

describe('the proxies of the environment', () => {
  it.each<[string, Record<string, string>, object | undefined]>([
    ['none', { NO_PROXY: 'a' }, undefined],
    ['empty ones', { HTTPS_PROXY: ' ', http_proxy: '' }, undefined],
    ['for https', { HTTPS_PROXY: 'http://p:1' }, { HTTPS_PROXY: 'http://p:1', NO_PROXY: LOCAL }],
    ['for http', { HTTP_PROXY: ' http://p:1 ' }, { HTTP_PROXY: 'http://p:1', NO_PROXY: LOCAL }],
    [
      'in small letters first',
      { HTTPS_PROXY: 'http://p:1', https_proxy: 'http://q:2' },
      { HTTPS_PROXY: 'http://q:2', NO_PROXY: LOCAL },
    ],
    [
      'with exceptions',
      { HTTPS_PROXY: 'http://p:1', NO_PROXY: '.example.com' },
      { HTTPS_PROXY: 'http://p:1', NO_PROXY: `.example.com,${LOCAL}` },
    ],
  ])('%s', (_, variables, expected) => expect(readProxies(variables)).toEqual(expected));
});

describe('an error is about the proxy', () => {
  const variables = { HTTPS_PROXY: 'http://me:secret@p.example.com:3128', HTTP_PROXY: 'https://q.example.com' };
  it.each<[string, object, string]>([
    [
      'that let nothing through',
      { code: 'ERR_PROXY_TUNNEL', statusCode: 403, message: 'via http://p.example.com:3128/' },
      ' at the proxy p.example.com:3128 (HTTPS_PROXY, which answered 403)',
    ],
    [
      'that broke the tunnel',
      { code: 'ERR_PROXY_TUNNEL', message: 'via http://p.example.com:3128/' },
      ' at the proxy p.example.com:3128 (HTTPS_PROXY)',
    ],
    [
      'that is reached, whatever status another error names',
      { code: 'ECONNRESET', port: 3128, statusCode: 500 },
      ' at the proxy p.example.com:3128 (HTTPS_PROXY)',
    ],
    ['whose port is closed', { code: 'ECONNREFUSED', port: 3128 }, ' at the proxy p.example.com:3128 (HTTPS_PROXY)'],
    [
      'whose name is unknown',
      { code: 'ENOTFOUND', hostname: 'p.example.com' },
      ' at the proxy p.example.com:3128 (HTTPS_PROXY)',
    ],
    ['whose usual port is closed', { code: 'ECONNREFUSED', port: 443 }, ' at the proxy q.example.com (HTTP_PROXY)'],
    ['and not about another host', { code: 'ENOTFOUND', hostname: 'api.bitbucket.org' }, ''],
    ['and not about another port', { code: 'ECONNREFUSED', port: 6443 }, ''],
    ['and not about nothing', {}, ''],
  ])('%s', (_, error, expected) => expect(atProxy(error, readProxies(variables))).toBe(expected));

  it('and not about an exception', () => {
    const error = { code: 'ERR_PROXY_TUNNEL', message: 'via http://p.example.com:3128/' };
    expect(atProxy(error, { NO_PROXY: 'api.example.com:8080', ...variables })).toContain('HTTPS_PROXY');
  });
  it('only if there is one', () => expect(atProxy({ code: 'ECONNREFUSED', port: 3128 }, undefined)).toBe(''));
  it('only if its address can be read', () =>
    expect(atProxy({ port: 80 }, { HTTPS_PROXY: 'p', NO_PROXY: '' })).toBe(''));
  it('on port 80 where none is written', () =>
    expect(atProxy({ port: 80 }, { HTTPS_PROXY: 'http://p', NO_PROXY: '' })).toBe(' at the proxy p (HTTPS_PROXY)'));
});
