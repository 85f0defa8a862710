import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerfileParser } from 'dockerfile-ast';
import { findNames } from '../../../src/imageNames/findNames.ts';
import { found } from './names.ts';

const dockerfile = (text: string): string[] => found('dockerfile', text);

test('bases, copied stages and images, mounts and the syntax are found', () => {
  const text = `# syntax=docker/dockerfile:1.7
FROM --platform=$BUILDPLATFORM golang:1.23-alpine AS build
RUN --mount=type=bind,from=busybox:1.36,target=/b --mount=type=cache,target=/c go build
from scratch
COPY --from=build /app /app
COPY --from=Build --chown=1:1 /app /app
COPY --from=0 /x /x
COPY --link --from=ghcr.io/owner/tool:v2 /tool /tool
COPY plain --from=not/a:flag
`;
  assert.deepEqual(dockerfile(text), [
    'docker/dockerfile:1.7 -> docker.io/docker/dockerfile:1.7',
    'golang:1.23-alpine -> golang:1.23-alpine',
    'busybox:1.36 -> busybox:1.36',
    'ghcr.io/owner/tool:v2 -> ghcr.io/owner/tool:v2',
  ]);
});

test('a stage counts only after its FROM', () => {
  assert.deepEqual(dockerfile('FROM nginx AS nginx\nFROM nginx\nFROM NGINX AS last'), ['nginx -> nginx:latest']);
});

test('arguments before the first FROM have defaults, which may use earlier ones', () => {
  const text = `ARG VERSION=20 FLAVOUR="alpine"
ARG TAG=\${VERSION}-$FLAVOUR
ARG EMPTY
FROM node:$TAG
FROM "node:\${VERSION:-18}"
FROM node:\${EMPTY:-22}
FROM node:$EMPTY
FROM node:\${MISSING}
FROM node:\${VERSION/2/3}
ARG TAG=late
FROM node:\${TAG:+x}
`;
  assert.deepEqual(dockerfile(text), [
    'node:$TAG -> node:20-alpine',
    'node:${VERSION:-18} -> node:20',
    'node:${EMPTY:-22} -> node:22',
    'node:$EMPTY -> ?',
    'node:${MISSING} -> ?',
    'node:${VERSION/2/3} -> ?',
    'node:${TAG:+x} -> node:x',
  ]);
});

test('continued lines, comments between them, the escape directive and line ends are understood', () => {
  const text =
    '\uFEFF# escape=`\r\nFROM `\r\n  # a comment\r\n\r\n  mcr.microsoft.com/windows:1 `\r\n  AS b\r\nCOPY a C:\\\r\nFROM b\r\nFROM alp`\r\nine:3\r\n';
  const names = findNames('dockerfile', text);
  assert.deepEqual(
    names.map(({ written, edit }) => [written, edit?.form]),
    [
      ['mcr.microsoft.com/windows:1', 'whole'],
      ['alpine:3', undefined],
    ],
  );
  const [first] = names;
  assert.equal(text.slice(first?.spans[0]?.start, first?.spans[0]?.end), 'mcr.microsoft.com/windows:1');
});

test('heredocs hide lines that look like instructions', () => {
  const text = `FROM a:1
RUN <<EOF cat <<-"TWO" > x
FROM hidden:1
EOF
FROM hidden:2
\tTWO
RUN echo "<<NOT" <<<here
FROM b:1
COPY <<'OPEN' /x
FROM hidden:3
`;
  assert.deepEqual(dockerfile(text), ['a:1 -> a:1', 'b:1 -> b:1']);
});

test('half-typed lines give a place to complete', () => {
  for (const [text, at] of [
    ['FROM ', 5],
    ['FROM --platform=linux/amd64 ', 28],
    ['FROM a\nCOPY --from=', 19],
    ['FROM a\nRUN --mount=type=bind,from=,target=/x', 34],
    ['# syntax=', 9],
  ] as const) {
    const name = findNames('dockerfile', text).at(-1);
    assert.deepEqual(name?.spans, [{ start: at, end: at }], text);
    assert.equal(name?.reference, undefined);
  }
  assert.deepEqual(dockerfile('FROM'), []);
  assert.deepEqual(dockerfile('FROM nginx:'), ['nginx: -> ?']);
});

test('the platform of a FROM is kept if it is literal', () => {
  const names = findNames('dockerfile', 'FROM --platform=linux/arm64 a\nFROM --platform=$TARGETPLATFORM b');
  assert.deepEqual(
    names.map(({ platform }) => platform),
    ['linux/arm64', undefined],
  );
});

test('a registry that a variable chooses is not literal', () => {
  const text = 'ARG REG=evil.example\nARG V=1\nFROM $REG/x\nFROM r.example/x:$V\nFROM node:$V';
  assert.deepEqual(
    findNames('dockerfile', text).map(({ literalHost, edit }) => [literalHost, edit]),
    [
      [false, undefined],
      [true, undefined],
      [true, undefined],
    ],
  );
});

test('arguments that double each other, huge lines and huge files cost nothing', () => {
  const doubling = Array.from({ length: 60 }, (_, at) => `ARG A${at + 1}=$A${at}$A${at}`).join('\n');
  assert.deepEqual(dockerfile(`ARG A0=aaaaaaaa\n${doubling}\nFROM $A60`), ['$A60 -> ?']);
  const braces = '${A:-'.repeat(20_000);
  assert.deepEqual(dockerfile(`FROM a\nRUN ${'x '.repeat(100_000)}\nFROM ${braces}\nFROM b`), [
    'a -> a:latest',
    'b -> b:latest',
  ]);
  assert.deepEqual(dockerfile(`FROM a\n${'#'.repeat(600_000)}`), []);
});

test('ranges are those of dockerfile-ast', () => {
  const text = `FROM registry.example.com:5000/a/b:1@sha256:${'a'.repeat(64)} AS one
FROM --platform=linux/amd64 \\
     debian:bookworm-slim   AS two
ONBUILD RUN x
FROM   quay.io/podman/stable
FROM localhost:5000
`;
  const ours = findNames('dockerfile', text).map(({ spans: [span] }) => text.slice(span?.start, span?.end));
  const lines = text.split('\n');
  const theirs = DockerfileParser.parse(text)
    .getFROMs()
    .map(from => {
      const range = from.getImageRange();
      return range && lines[range.start.line]?.slice(range.start.character, range.end.character);
    });
  assert.equal(ours.length, 4);
  assert.deepEqual(ours, theirs);
});
