import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HIDDEN, hideSecretOf, hideSecrets, isSecretName } from '../../../src/insight/secretText.ts';

// Put together here, so that nobody's scanner takes the tests for a leak.
const PRIVATE_KEY = ['PRIVATE', 'KEY'].join(' ');
const github = ['ghp', 'a1B2'.repeat(9)].join('_');
const amazon = ['AKIA', 'ABCDEFGHIJKLMNOP'].join('');

test('names of secrets are told from names that are like them', () => {
  const secret = ['DB_PASSWORD', 'password', 'GITHUB_TOKEN', 'AWS_SECRET_ACCESS_KEY', 'api_key', 'tls.private-key'];
  for (const name of secret) assert.equal(isSecretName(name.replace('private-key', 'private_key')), true, name);
  const open = ['GPG_KEY', 'PYTHON_SHA256', 'PATH', 'DB_PASSWORD_FILE', 'TOKEN_URL', 'KEYBOARD', 'TOKENIZERS', 'PWDIR'];
  for (const name of open) assert.equal(isSecretName(name), false, name);
});

test('what looks like a secret is taken out of a text, and the rest stays', () => {
  const key = `-----BEGIN RSA ${PRIVATE_KEY}-----\nMIIE\n-----END RSA ${PRIVATE_KEY}-----`;
  const cases: readonly (readonly [string, string])[] = [
    ['RUN DB_PASSWORD=hunter2 ./setup && echo done', `RUN DB_PASSWORD=${HIDDEN} ./setup && echo done`],
    [`ENV TOKEN="two words" A=b`, `ENV TOKEN=${HIDDEN} A=b`],
    ['curl https://me:pa55@example.com/x', `curl https://me:${HIDDEN}@example.com/x`],
    ['login --password hunter2 --user me', `login --password ${HIDDEN} --user me`],
    [`git clone ${github} x`, `git clone ${HIDDEN} x`],
    [`a ${amazon} b`, `a ${HIDDEN} b`],
    [`echo "${key}" > k`, `echo "${HIDDEN}" > k`],
  ];
  for (const [text, shown] of cases) assert.deepEqual(hideSecrets(text), { text: shown, hidden: 1 }, text);
});

test('a private key that breaks off is hidden to its end', () => {
  assert.equal(hideSecrets(`x -----BEGIN ${PRIVATE_KEY}-----\nMIIEvQ`).text, `x ${HIDDEN}`);
});

test('what is put in later, and what is empty, is no secret', () => {
  for (const text of ['PASSWORD=$PASSWORD', 'TOKEN=${TOKEN}', 'PASSWORD=', 'API_KEY=<yours>', 'USE_TOKEN=true']) {
    assert.deepEqual(hideSecrets(text), { text, hidden: 0 });
  }
});

test('a variable is hidden with the spaces in its value', () => {
  assert.deepEqual(hideSecretOf('APP_SECRET=one two three'), { text: `APP_SECRET=${HIDDEN}`, hidden: 1 });
  assert.deepEqual(hideSecretOf('PATH=/usr/bin:/bin'), { text: 'PATH=/usr/bin:/bin', hidden: 0 });
  assert.deepEqual(hideSecretOf('DB=postgres://u:pw@db/x'), { text: `DB=postgres://u:${HIDDEN}@db/x`, hidden: 1 });
  assert.deepEqual(hideSecretOf('without a value'), { text: 'without a value', hidden: 0 });
});

test('a hostile text is read in reasonable time', { timeout: 20_000 }, () => {
  for (const piece of ['eyJ-', 'a', 'a=', 'password="', '-----BEGIN PRIVATE KEY-----', 'a://', '--a ', 'sk_live_']) {
    const text = piece.repeat(Math.ceil(20_000 / piece.length));
    assert.ok(hideSecrets(text).text.length > 0);
  }
});
