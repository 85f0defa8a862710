import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transportOptions } from '../../../../src/vscode/settings/network.ts';

const settings = { firstByteTimeout: 7000, idleTimeout: 8000 };
const editor = { proxy: '', noProxy: [], strictSSL: true, support: 'override' };

test('takes timeouts from Peel and strictness from the editor', () => {
  const options = transportOptions(settings, { ...editor, strictSSL: false }, {}, '1.2.3');
  assert.equal(options.firstByteTimeout, 7000);
  assert.equal(options.idleTimeout, 8000);
  assert.equal(options.strictSSL, false);
  assert.equal(options.userAgent, 'peel/1.2.3');
  assert.equal(options.httpsProxy, undefined);
});

test("the editor's proxy wins over the environment's", () => {
  const environment = { HTTPS_PROXY: 'http://env:1', no_proxy: 'a.example,b.example' };
  const fromEditor = transportOptions(
    settings,
    { ...editor, proxy: 'http://editor:2', noProxy: ['c.example'] },
    environment,
    '1',
  );
  assert.equal(fromEditor.httpsProxy?.url, 'http://editor:2');
  assert.deepEqual(fromEditor.noProxy, ['c.example']);
  const fromEnvironment = transportOptions(settings, editor, environment, '1');
  assert.equal(fromEnvironment.httpsProxy?.url, 'http://env:1');
  assert.deepEqual(fromEnvironment.noProxy, ['a.example', 'b.example']);
});

test('http.proxySupport off disables every proxy', () => {
  const options = transportOptions(
    settings,
    { ...editor, proxy: 'http://editor:2', support: 'off' },
    { HTTPS_PROXY: 'http://env:1' },
    '1',
  );
  assert.equal(options.httpProxy, undefined);
  assert.equal(options.httpsProxy, undefined);
});
