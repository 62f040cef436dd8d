/** Node's and OpenSSL's codes of failed connections, by what they mean for the request. */

/**
 * `unreachable`: it was not sent, there is no way to the server. `untrusted`: it was not sent, the TLS handshake failed.
 * `connection-lost`: it may have arrived.
 */
export type NetworkFailure = 'unreachable' | 'untrusted' | 'connection-lost';

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
const LOST = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/** OpenSSL's codes for certificate chains, Node's for names and for peers that do not speak TLS. */
const UNTRUSTED = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO)/;

/** What the code means; undefined for one that is not of the network. */
export function networkFailure(code: string): NetworkFailure | undefined {
  if (UNREACHABLE.has(code)) return 'unreachable';
  if (LOST.has(code)) return 'connection-lost';
  return UNTRUSTED.test(code) ? 'untrusted' : undefined;
}
