import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest } from '../../../../src/oci/digest.ts';
import type { Layer } from '../../../../src/oci/layer.ts';
import { artifactFileName } from '../../../../src/vscode/images/layerNames.ts';

const digest: Digest = `sha256:${'ab'.repeat(32)}`;

function named(title?: string): Layer {
  const annotations = title === undefined ? {} : { annotations: { 'org.opencontainers.image.title': title } };
  return { number: 1, descriptor: { mediaType: 'text/plain', digest, size: 1, ...annotations } };
}

test("names an artifact's file by its title", () => {
  for (const title of ['notes.md', '.bashrc', 'a b.txt', 'ünïcode.csv'])
    assert.equal(artifactFileName(named(title)), title);
});

test('turns a title that is a path, or invalid on some system, into a plain name', () => {
  const cases: [string, string][] = [
    ['../../etc/passwd', '..-..-etc-passwd'],
    ['/etc/cron.d/x', '-etc-cron.d-x'],
    ['C:\\Windows\\x.dll', 'C-Windows-x.dll'],
    ['a\u0000b\u202egnp.exe', 'a b gnp.exe'],
    ['con.txt', '_con.txt'],
    ['name. . ', 'name'],
  ];
  for (const [title, name] of cases) assert.equal(artifactFileName(named(title)), name);
  const long = artifactFileName(named(`${'é'.repeat(300)}.tar.gz`));
  assert.ok(Buffer.byteLength(long) < 255 && long.endsWith('.gz'), long);
});

test('uses the number and digest if nothing is left of the title', () => {
  for (const title of [undefined, '', '..', '. .', '\u202e']) assert.match(artifactFileName(named(title)), /^1-abab/);
});
