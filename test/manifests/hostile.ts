/** Strings that would break out of a template if values were ever read as YAML or as a template again. */
import * as fc from 'fast-check';

export const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '---',
    '\n---\nkind: Pod',
    '"',
    "'",
    '{{runnerUuid}}',
    '{{{x}}}',
    '*a',
    '&a',
    '!!binary x',
    '#',
    ': ',
    '<%x%>',
    'yes',
    '0644',
    '1e3',
    'null',
    '2026-11-01',
    '$(RUNNER_UUID)',
  ),
  fc.constant('x'.repeat(10_240)),
  fc.constant('\nsecurityContext:\n  privileged: true'),
  fc.constant('ünïcödé 🏃 \u2028\u0000'),
);
