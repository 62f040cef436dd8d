/**
 * The connections of all clients. They are kept for the next request, but not for long: Lambda freezes the process between
 * invocations, and meanwhile load balancers and NAT gateways forget connections without our hearing of it. Timers do
 * not run in a frozen process, so the clock is read when a connection would be used again.
 */
import type * as http from 'node:http';
import type * as https from 'node:https';
import type { Duplex } from 'node:stream';
import type { Instant } from '#core/model/observation.ts';
import { readProxies } from '../environment.ts';

declare module 'node:http' {
  interface Agent {
    /** Gives the request a connection, a resting one first. Node asks every agent for this method. */
    addRequest(request: http.ClientRequest, options: http.RequestOptions): void;
  }
}

/** Servers close a resting connection after 5 s or later; with less, no request can meet its end. */
const LONGEST_REST_MS = 4_000;

/** Grows with each invocation: what one of them left in use may have been forgotten when its answer is read in the next. */
let invocation = 0;

/**
 * Makes the agent close, instead of use, what has rested too long, or was in use over the end of an invocation; a clock
 * that was set back counts as too long. When a request fails on a connection that had rested, all others that rest are
 * closed too, so that its repetition gets a fresh one. `destroy` closes what rests and nothing else: the AWS SDK calls it
 * for one client, and others share the agent.
 */
export function restBriefly<Kind extends http.Agent>(agent: Kind, now: () => Instant = () => Date.now()): Kind {
  const restingSince = new WeakMap<Duplex, Instant>();
  const takenIn = new WeakMap<Duplex, number>();
  const { addRequest, keepSocketAlive, reuseSocket } = agent;
  const isStale = (socket: Duplex) => {
    const restedMs = now() - (restingSince.get(socket) ?? Number.NEGATIVE_INFINITY);
    return restedMs < 0 || restedMs > LONGEST_REST_MS;
  };
  return Object.assign(agent, {
    addRequest: (request: http.ClientRequest, options: http.RequestOptions) => {
      closeResting(agent, isStale);
      request.once('socket', (socket) => takenIn.set(socket, invocation));
      addRequest.call(agent, request, options);
    },
    keepSocketAlive: (socket: Duplex) => {
      if (takenIn.get(socket) !== invocation) return false;
      restingSince.set(socket, now());
      return keepSocketAlive.call(agent, socket);
    },
    reuseSocket: (socket: Duplex, request: http.ClientRequest) => {
      reuseSocket.call(agent, socket, request);
      request.once('error', () => closeResting(agent));
    },
    destroy: () => closeResting(agent),
  });
}

function closeResting(agent: http.Agent, isToClose: (socket: Duplex) => boolean = () => true): void {
  // The longest at rest comes first in each list. Node passes over destroyed ones from there, and else takes the last.
  for (const socket of Object.values(agent.freeSockets).flat()) if (socket && isToClose(socket)) socket.destroy();
}

/**
 * The agents for all requests, by protocol: straight, or through the proxy that the environment names. An agent keeps
 * connections with different certificates apart.
 */
export const agents = {
  get 'http:'(): http.Agent {
    kept['http:'] ??= restBriefly(new (nodeModule('http:').Agent)(agentOptions()));
    return kept['http:'];
  },
  get 'https:'(): https.Agent {
    // Stryker disable next-line StringLiteral: all that is not plain is over TLS.
    kept['https:'] ??= restBriefly(new (nodeModule('https:').Agent)(agentOptions()));
    return kept['https:'];
  },
};

function agentOptions() {
  return { keepAlive: true, proxyEnv: readProxies() };
}

const kept: { 'http:'?: http.Agent; 'https:'?: https.Agent } = {};

/**
 * Node's module for a protocol, loaded when it is first used: a function that starts needs neither yet. It is not
 * imported, since an import of node:http reads all that it exports, and thereby loads a WebSocket that nobody here uses.
 */
export function nodeModule(protocol: 'http:'): typeof http;
export function nodeModule(protocol: 'https:'): typeof https;
export function nodeModule(protocol: 'http:' | 'https:') {
  return protocol === 'http:' ? process.getBuiltinModule('node:http') : process.getBuiltinModule('node:https');
}

/**
 * Closes every connection that is not in use; one that is does not rest afterwards. To be called at the end of an invocation,
 * before the process is frozen.
 */
export function closeRestingConnections(): void {
  // Stryker disable next-line AssignmentOperator: counting down would do as well.
  invocation += 1;
  for (const agent of Object.values(kept)) closeResting(agent);
}
