import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Secret } from '#core/secret.ts';

const secret = new Secret('hunter2');

it.each([
  ['interpolated', `${secret}`, '[secret]'],
  ['joined with text', String(secret), '[secret]'],
  ['serialised', JSON.stringify({ token: secret }), '{"token":"[secret]"}'],
  ['printed', inspect(secret), '[secret]'],
  ['printed with everything that is hidden', inspect({ token: secret }, { showHidden: true }), '{ token: [secret] }'],
])('a secret that is %s is not seen', (_, shown, expected) => {
  expect(shown).toBe(expected);
});

it('is given to whoever asks for it', () => {
  expect(secret.reveal()).toBe('hunter2');
});
