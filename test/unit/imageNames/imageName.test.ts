import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileKind } from '../../../src/imageNames/fileKind.ts';
import { withVersion } from '../../../src/imageNames/imageName.ts';
import { expand } from '../../../src/imageNames/variables.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

test('a version is replaced in the text, and a digest keeps the tag', () => {
  assert.equal(withVersion('nginx', { digest: DIGEST }), `nginx:latest@${DIGEST}`);
  assert.equal(withVersion('localhost:5000/a', { tag: '2' }), 'localhost:5000/a:2');
  assert.equal(withVersion('localhost:5000', { tag: '2' }), 'localhost:2');
  assert.equal(withVersion('a/b:1@sha256:old', { digest: DIGEST }), `a/b:1@${DIGEST}`);
  assert.equal(withVersion('a/b:1@sha256:old', { tag: '2', digest: DIGEST }), `a/b:2@${DIGEST}`);
});

test('the kind of a file follows from its path, its language and its content', () => {
  const kind = (path: string, language = 'yaml', text = ''): string | undefined => fileKind(path, language, () => text);
  assert.equal(kind('/x/Dockerfile.dev', 'plaintext'), 'dockerfile');
  assert.equal(kind('/x/app.Containerfile', 'plaintext'), 'dockerfile');
  assert.equal(kind('/x/anything', 'dockerfile'), 'dockerfile');
  assert.equal(kind('/x/compose.prod.yaml'), 'compose');
  assert.equal(kind('/x/docker-compose.yml'), 'compose');
  assert.equal(kind('/x/y.yaml', 'dockercompose'), 'compose');
  assert.equal(kind('/x/kustomization.yaml'), 'kustomize');
  assert.equal(kind('/x/.gitlab-ci.yml'), 'gitlab');
  assert.equal(kind('/x/.github/workflows/ci.yml'), 'actions');
  assert.equal(kind('/x/action.yml'), 'actions');
  assert.equal(kind('/x/values-prod.yaml'), 'helm');
  assert.equal(kind('/x/skaffold.yaml', 'yaml', 'apiVersion: x\nkind: Config'), undefined);
  assert.equal(kind('/x/.devcontainer/go/devcontainer.json', 'jsonc'), 'devcontainer');
  assert.equal(kind('/x/docker-bake.override.hcl', 'plaintext'), 'bake');
  assert.equal(kind('/x/pod.yaml', 'yaml', 'kind: Pod\napiVersion: v1'), 'kubernetes');
  assert.equal(kind('Untitled-1', 'yaml', 'apiVersion: v1\nkind: Pod'), 'kubernetes');
  assert.equal(kind('/x/other.yaml', 'yaml', 'a: 1'), undefined);
  assert.equal(kind('/x/settings.json', 'jsonc'), undefined);
});

test('variables take defaults from the file only', () => {
  const values = (name: string): string | undefined => ({ SET: 'set', EMPTY: '' })[name];
  const results: readonly (readonly [string, string | undefined])[] = [
    ['plain', 'plain'],
    ['$SET-${SET}', 'set-set'],
    ['${EMPTY:-a}${EMPTY-b}', 'a'],
    ['${NONE:-${SET}}', 'set'],
    ['${NONE:+x}${SET+y}', 'y'],
    ['${SET:?error}', 'set'],
    ['${NONE:?error}', undefined],
    ['$NONE', undefined],
    ['$PATH', undefined],
    ['${SET', undefined],
    ['$', undefined],
    ['\\$SET', '$SET'],
  ];
  for (const [text, expected] of results) assert.equal(expand(text, values, '\\'), expected, text);
  assert.equal(expand('$$SET', values, '$'), '$SET');
});
