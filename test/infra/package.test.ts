/** What osls makes of the fragments: packaged for real, offline and without credentials. */
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { LARGE, SMALL } from './deployments.ts';
import { packageStack, runOsls, stableTemplate } from './osls.ts';

describe('osls package', () => {
  it.each([
    ['small', SMALL],
    ['large', LARGE],
  ])('makes the %s stack offline and without credentials', async (name, values) => {
    const { code, output, directory } = await packageStack(values);
    expect([code, output]).toEqual([0, expect.stringContaining('Service packaged')]);
    expect(output).not.toMatch(/warning|deprecat/i);
    expect(await readdir(directory)).toContain('bitbucket-runner-autoscaler.zip');
    // The diff of this file is what a review of the infrastructure reads.
    await expect(await stableTemplate(directory)).toMatchFileSnapshot(`templates/${name}.json`);
  });

  it('refuses wrong parameters in a sentence each, before anything is built', async () => {
    const { code, output } = await runOsls(['package', '--stage', 'prod'], { shards: 'x' });
    expect(code).toBe(1);
    expect(output).toContain('parameter shards: "x" is not a whole number from 1 to 40\n');
    expect(output).toContain('parameter clusters: is missing; name the EKS clusters of the runners');
    expect(output).not.toContain('    at ');
  });

  it('deploy wants a region', async () => {
    const { code, output } = await runOsls(['deploy'], SMALL);
    expect([code, output]).toEqual([1, expect.stringContaining('No AWS region is named; give --region')]);
  });

  it('takes parameters from the environment', async () => {
    const variables = { AUTOSCALER_CLUSTERS: 'ci', AUTOSCALER_MEMORY: '1' };
    const { output } = await runOsls(['package'], {}, variables);
    expect(output).toContain('parameter memory: "1" is not a whole number from 128 to 3008');
    expect(output).not.toContain('parameter clusters');
  });
});
