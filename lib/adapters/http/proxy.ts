/**
 * Errors on the way through a company's proxy. Node itself tunnels and obeys `NO_PROXY`; which of its errors are about the
 * proxy, and about which one, it does not say.
 */
import { type ProxyVariables, readProxies } from '../environment.ts';

/**
 * ` at the proxy proxy.example.com:3128 (HTTPS_PROXY), which answered 407` where the error is about a proxy, so that it
 * can stand behind the error's code; else nothing. Names no user and no password.
 */
export function atProxy(error: object, known: ProxyVariables | undefined = readProxies()): string {
  const proxies = Object.entries(known ?? {}).filter(([name]) => name !== 'NO_PROXY');
  const found = proxies.find(([, address]) => isAbout(error, URL.parse(address)));
  if (found === undefined) return '';
  const [name, address] = found;
  const status = field(error, 'code') === TUNNEL_REFUSED ? field(error, 'statusCode') : undefined;
  // Stryker disable next-line OptionalChaining: one whose address cannot be read is not found.
  return ` at the proxy ${URL.parse(address)?.host} (${name}${status === undefined ? '' : `, which answered ${status}`})`;
}

/** Node's code for a proxy that does not let a request through. */
export const TUNNEL_REFUSED = 'ERR_PROXY_TUNNEL';

/** Only requests over TLS go through a tunnel. Other errors name the host or the port to which there was no way. */
function isAbout(error: object, proxy: URL | null): boolean {
  if (proxy === null) return false;
  if (field(error, 'code') === TUNNEL_REFUSED) return String(field(error, 'message')).includes(proxy.host);
  const port = proxy.port || (proxy.protocol === 'https:' ? '443' : '80');
  return field(error, 'hostname') === proxy.hostname || String(field(error, 'port')) === port;
}

function field(error: object, name: string): unknown {
  return Reflect.get(error, name);
}
