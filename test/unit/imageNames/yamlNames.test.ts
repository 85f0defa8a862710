import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNames } from '../../../src/imageNames/findNames.ts';
import type { FileKind } from '../../../src/imageNames/fileKind.ts';
import { found } from './names.ts';

test('Compose: images of services, but not what they build', () => {
  const text = `x-base: &base
  image: redis:7 # shared
services:
  web:
    image: "nginx:1.27-alpine"
    platform: linux/arm64
  db: { image: 'postgres:16' }
  made:
    image: company.example/made:1
    build:
      context: .
      additional_contexts:
        base: docker-image://alpine:3.20
  listed:
    build:
      additional_contexts: [base=docker-image://debian:12, other=./x]
  cache: *base
  name: &name
    image: &img busybox
  again:
    image: *img
  versioned:
    image: app.example/x:\${TAG:-1.0}
    pre_start:
      - image: migrate:2
  env:
    image: \${TOKEN}.evil.example/x
  escaped:
    image: "a\\x62c:1"
`;
  assert.deepEqual(found('compose', text), [
    'nginx:1.27-alpine -> nginx:1.27-alpine',
    'postgres:16 -> postgres:16',
    'alpine:3.20 -> alpine:3.20',
    'debian:12 -> debian:12',
    'busybox -> busybox:latest',
    '*img -> busybox:latest',
    'app.example/x:${TAG:-1.0} -> app.example/x:1.0',
    'migrate:2 -> migrate:2',
    '${TOKEN}.evil.example/x -> ?',
    'a\\x62c:1 -> abc:1',
    'redis:7 -> redis:7',
  ]);
  const names = findNames('compose', text);
  assert.equal(names[0]?.platform, 'linux/arm64');
  assert.deepEqual(
    names.filter(({ edit }) => edit === undefined).map(({ written }) => written),
    ['busybox', 'app.example/x:${TAG:-1.0}', '${TOKEN}.evil.example/x', 'abc:1'],
  );
});

test('Kubernetes: containers of every kind, image volumes, several documents and lists', () => {
  const text = `apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      initContainers: [{name: i, image: busybox:1.36}]
      containers:
      - name: a
        image: registry.k8s.io/pause:3.9
        imagePullPolicy: Always
      ephemeralContainers:
      - image: nicolaka/netshoot
      volumes:
      - name: v
        image:
          reference: quay.io/crio/artifact:v1
---
apiVersion: v1
kind: List
items:
- kind: Pod
  spec: {containers: [{image: "nginx@sha256:${'0'.repeat(64)}"}]}
`;
  assert.deepEqual(found('kubernetes', text), [
    'busybox:1.36 -> busybox:1.36',
    'registry.k8s.io/pause:3.9 -> registry.k8s.io/pause:3.9',
    'nicolaka/netshoot -> docker.io/nicolaka/netshoot:latest',
    'quay.io/crio/artifact:v1 -> quay.io/crio/artifact:v1',
    `nginx@sha256:${'0'.repeat(64)} -> nginx@sha256:${'0'.repeat(64)}`,
  ]);
});

test('templates of Helm are read line by line', () => {
  const text = `apiVersion: v1
kind: Pod
{{- if .Values.x }}
metadata: {{ toYaml . | nindent 2 }}
{{- end }}
spec:
  containers:
  - image: "{{ .Values.image }}:{{ .Values.tag }}"
  - image: plain:1 # comment
  - image: 'quoted:2'
`;
  assert.deepEqual(found('kubernetes', text), ['plain:1 -> plain:1', 'quoted:2 -> quoted:2']);
});

test('Helm values: whole names, and names in parts', () => {
  const text = `image:
  registry: quay.io
  repository: prometheus/node
  tag: v1.8
  digest: ""
sidecarImage: busybox:1.36
initImage: { repository: alpine, version: 3.20 }
nested: { image: { pullPolicy: Always } }
imagePullPolicy: Always
list: [{ image: { repository: ghcr.io/a/b } }]
`;
  assert.deepEqual(found('helm', text), [
    'prometheus/node + v1.8 +  -> quay.io/prometheus/node:v1.8',
    'busybox:1.36 -> busybox:1.36',
    'alpine + 3.20 -> alpine:3.20',
    'ghcr.io/a/b -> ghcr.io/a/b:latest',
  ]);
  const [first] = findNames('helm', text);
  assert.ok(first?.edit?.form === 'parts' && first.edit.tag && first.edit.digest === undefined);
  assert.equal(text.slice(first.edit.tag.start, first.edit.tag.end), 'v1.8');
});

test('Kustomize: the new name and tag', () => {
  const text = `images:
- name: nginx
  newTag: 1.25.1
- name: app
  newName: r.example/app
  digest: sha256:${'b'.repeat(64)}
- newTag: x
`;
  assert.deepEqual(found('kustomize', text), [
    'nginx + 1.25.1 -> nginx:1.25.1',
    `r.example/app + sha256:${'b'.repeat(64)} -> r.example/app@sha256:${'b'.repeat(64)}`,
  ]);
});

test('GitHub Actions: containers, services and docker:// actions', () => {
  const text = `jobs:
  a:
    container: node:20
    services:
      db: { image: postgres:16 }
      off: { image: "\${{ matrix.image }}" }
    steps:
      - uses: actions/checkout@v4
      - uses: docker://alpine:3.20
  b:
    container: { image: ghcr.io/a/b:1 }
`;
  assert.deepEqual(found('actions', text), [
    'node:20 -> node:20',
    'postgres:16 -> postgres:16',
    '${{ matrix.image }} -> ?',
    'ghcr.io/a/b:1 -> ghcr.io/a/b:1',
    'alpine:3.20 -> alpine:3.20',
  ]);
  assert.deepEqual(found('actions', 'runs:\n  using: docker\n  image: docker://debian:12\n'), [
    'debian:12 -> debian:12',
  ]);
  assert.deepEqual(found('actions', 'runs: {using: docker, image: Dockerfile}'), []);
});

test('GitLab CI: images and services, everywhere they may stand', () => {
  const text = `image: ruby:3.3
default:
  services: [postgres:16, {name: "redis:7", alias: r}]
variables: { image: no:1 }
job:
  image: { name: "\${CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX}/node:20", entrypoint: [""] }
  services:
    - $CI_REGISTRY/x
`;
  assert.deepEqual(found('gitlab', text), [
    'ruby:3.3 -> ruby:3.3',
    'postgres:16 -> postgres:16',
    'redis:7 -> redis:7',
    'node:20 -> node:20',
    '$CI_REGISTRY/x -> ?',
  ]);
});

test('dev containers: the image, its features and cached images', () => {
  const text = `// comment
{
  "image": "mcr.microsoft.com/devcontainers/base:bookworm",
  "features": {
    "ghcr.io/devcontainers/features/node:1": {},
    "./local": {}, "https://x.example/f.tgz": {}, "docker-in-docker": {},
  },
  "build": { "cacheFrom": ["a/b:1"] },
}`;
  assert.deepEqual(found('devcontainer', text), [
    'mcr.microsoft.com/devcontainers/base:bookworm -> mcr.microsoft.com/devcontainers/base:bookworm',
    'a/b:1 -> docker.io/a/b:1',
    'ghcr.io/devcontainers/features/node:1 -> ghcr.io/devcontainers/features/node:1',
  ]);
  assert.equal(findNames('devcontainer', text).at(-1)?.kind, 'feature');
  assert.deepEqual(found('devcontainer', '{ "image": "${localEnv:SECRET}.evil.example/x" '), [
    '${localEnv:SECRET}.evil.example/x -> ?',
  ]);
});

test('bake: contexts that are images, in HCL and JSON', () => {
  const hcl =
    'target "a" {\n  tags = ["out:1"]\n  contexts = { x = "docker-image://alpine:3.20", y = "docker-image://b:${V}" }\n}';
  assert.deepEqual(found('bake', hcl), ['alpine:3.20 -> alpine:3.20', 'b:${V} -> ?']);
  assert.deepEqual(found('bake', '{"contexts": {"x": "docker-image://a:1"}}'), ['a:1 -> a:1']);
});

const KINDS: readonly FileKind[] = ['actions', 'compose', 'devcontainer', 'gitlab', 'helm', 'kubernetes', 'kustomize'];

test('half-typed and hostile files never fail, and names before the fault are still found', () => {
  const bomb = Array.from({ length: 30 }, (_, at) => `  a${at + 1}: &a${at + 1} [*a${at}, *a${at}, *a${at}]`).join(
    '\n',
  );
  const hostile = [
    '',
    'services:\n  a:\n    image: nginx:',
    'services:\n\ta: {image: x',
    '[{'.repeat(20_000),
    `${'- '.repeat(5_000)}image: x`,
    `services: &a0\n  image: x\n${bomb}`,
    'image: "unterminated',
    `image: ${'x'.repeat(400_000)}`,
    '---\n'.repeat(2_000),
    '{"image": '.repeat(10_000),
    '*unknown',
    'a: &a *a',
  ];
  for (const kind of KINDS) for (const text of hostile) assert.ok(Array.isArray(findNames(kind, text)));
  assert.deepEqual(found('compose', 'services:\n  a:\n    image: nginx:1\n  b:\n    image: "redis'), [
    'nginx:1 -> nginx:1',
    'redis -> redis:latest',
  ]);
});
