/** The connections of Bitbucket's and Kubernetes' clients, kept for the next request. */
import * as http from 'node:http';
import * as https from 'node:https';

/** The agents for all requests, by protocol. Certificates are options of a request; an agent keeps their connections apart. */
export const agents = {
  'http:': new http.Agent({ keepAlive: true }),
  'https:': new https.Agent({ keepAlive: true }),
};
