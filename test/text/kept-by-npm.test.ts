import { expect, it } from 'vitest';
import { keptByNpm } from '#text/kept-by-npm.ts';

const SENTENCE =
  'npm kept --config and --hold-out for itself; write -- before what is meant for the script: npm run --silent cli -- … --config …';

it.each<[string, Readonly<Record<string, string>>, string | undefined]>([
  [
    'options that npm kept',
    { npm_lifecycle_event: 'cli', npm_config_config: 'true', npm_config_hold_out: '' },
    SENTENCE,
  ],
  ['nothing that npm kept', { npm_lifecycle_event: 'cli', npm_config_cache: '/x', npm_config_other: 'x' }, undefined],
  ['an option that npm knows, too', { npm_lifecycle_event: 'cli', npm_config_json: 'true' }, undefined],
  ['no script of npm', { npm_config_config: 'true' }, undefined],
])('tells of %s', (_, variables, sentence) => {
  expect(keptByNpm(['config', 'hold-out', 'json'], variables)).toBe(sentence);
});
