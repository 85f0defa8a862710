import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLink, InvalidLinkError, parseLink } from '../../../../src/vscode/links/link.ts';

test('a link names an image, a file and a layer, whatever signs they contain', () => {
  for (const link of [
    { reference: 'docker.io/library/busybox:latest' },
    { reference: '127.0.0.1:5000/a/b@sha256:00', path: 'etc/a b&c=d#é+%', layer: 2 },
    { reference: 'r.example/x:1', layer: 'sha256:ab' },
  ]) {
    const url = new URL(formatLink('peel.peel', link));
    assert.equal(`${url.protocol}//${url.host}${url.pathname}`, 'vscode://peel.peel/open');
    assert.deepEqual(parseLink(url.pathname, url.search.slice(1)), link);
  }
});

test('a link without an image, or to something else, is refused', () => {
  for (const [path, query] of [
    ['/open', ''],
    ['/open', 'reference='],
    ['/', 'reference=busybox'],
    ['/delete', 'reference=busybox'],
  ] as const) {
    assert.throws(() => parseLink(path, query), InvalidLinkError);
  }
});
