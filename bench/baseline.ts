/**
 * The calls that Atlassian's autoscaler makes, in its order and one after the other, against the same server in the
 * same run: per group a look-up and a list, before every create one more list. Its pauses are left out (and told
 * apart in the table); what it decides does not matter here.
 */

/** Plays one poll; gives how long it took and how many calls it made. */
export async function playBaseline(
  baseUrl: string,
  { groups, creates }: { readonly groups: number; readonly creates: number },
): Promise<{ readonly tickMs: number; readonly calls: number }> {
  const runners = `${baseUrl}/internal/workspaces/acme/pipelines-config/runners`;
  const headers = { authorization: `Basic ${btoa('bench@example.com:token')}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'bench', labels: ['self.hosted', 'linux', 'autoscaler.created', 'baseline'] });
  let calls = 0;
  const call = async (url: string, init: RequestInit = {}) => {
    calls += 1;
    const answer = await fetch(url, { ...init, headers });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`the stand-in Bitbucket answered ${answer.status} to ${url}`);
  };
  const start = performance.now();
  for (let group = 0; group < groups; group += 1) {
    await call(`${baseUrl}/2.0/workspaces/acme`);
    await call(`${runners}?pagelen=100`);
  }
  for (let create = 0; create < creates; create += 1) {
    await call(`${runners}?pagelen=100`);
    await call(runners, { method: 'POST', body });
  }
  return { tickMs: performance.now() - start, calls };
}
