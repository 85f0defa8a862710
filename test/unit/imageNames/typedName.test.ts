import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileKind } from '../../../src/imageNames/fileKind.ts';
import { findNames } from '../../../src/imageNames/findNames.ts';
import { typedName } from '../../../src/imageNames/typedName.ts';

/** Returns what is typed at the bar, and what a completion would replace. */
function typedAt(
  kind: FileKind,
  marked: string,
): readonly [typed: string, replaced: string, repository?: string] | undefined {
  const offset = marked.indexOf('|');
  const text = marked.replace('|', '');
  const found = typedName(kind, text, findNames(kind, text), offset);
  if (!found) return undefined;
  const replaced = text.slice(found.span.start, found.span.end);
  return found.repository === undefined ? [found.typed, replaced] : [found.typed, replaced, found.repository];
}

test('a name that is being typed is found in every kind of file', () => {
  assert.deepEqual(typedAt('dockerfile', 'FROM |'), ['', '']);
  assert.deepEqual(typedAt('dockerfile', 'FROM node:2|0 AS x'), ['node:2', 'node:20']);
  assert.deepEqual(typedAt('dockerfile', 'FROM a\nCOPY --from=ngi| x y'), ['ngi', 'ngi']);
  assert.deepEqual(typedAt('compose', 'services:\n  a:\n    image: nginx:|'), ['nginx:', 'nginx:']);
  assert.deepEqual(typedAt('compose', 'services:\n  a:\n    image: "ng|'), ['ng', 'ng']);
  assert.deepEqual(typedAt('compose', 'services:\n  a:\n    image: |'), ['', '']);
  assert.deepEqual(typedAt('kubernetes', '  - image: a/b:1|.2 # x'), ['a/b:1', 'a/b:1.2']);
  assert.deepEqual(typedAt('actions', 'jobs:\n  a:\n    container: node:|'), ['node:', 'node:']);
  assert.deepEqual(typedAt('devcontainer', '{ "image": "mcr.|" }'), ['mcr.', 'mcr.']);
  assert.deepEqual(typedAt('bake', 'x = "docker-image://al|"'), ['al', 'al']);
});

test('where only a tag is written, its repository is known', () => {
  assert.deepEqual(typedAt('helm', 'image:\n  repository: r.example/a\n  tag: 1|.2'), ['1', '1.2', 'r.example/a']);
  assert.deepEqual(typedAt('kustomize', 'images:\n- name: nginx\n  newTag: 1.|'), [
    '1.',
    '1.',
    'docker.io/library/nginx',
  ]);
});

test('nothing is typed elsewhere, nor in a name with variables', () => {
  assert.equal(typedAt('dockerfile', 'RUN x|'), undefined);
  assert.equal(typedAt('dockerfile', 'FROM node:$V|'), undefined);
  assert.equal(typedAt('compose', 'services:\n  a:\n    command: x|'), undefined);
  assert.equal(typedAt('kubernetes', `image: ${'x'.repeat(10_000)}|`), undefined);
});
