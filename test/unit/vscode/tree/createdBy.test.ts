import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instructionOf } from '../../../../src/vscode/tree/createdBy.ts';

const CASES: readonly (readonly [what: string, createdBy: string, expected: string])[] = [
  ['a CMD of the classic builder', '/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'],
  [
    'an ADD of the classic builder, its digest cut',
    '/bin/sh -c #(nop) ADD file:7e9002edaafd4e4579b65c8f0aaabde1aeb7fd3f8d95579f7fd3443cef785fd1 in / ',
    'ADD file:7e9002edaafd in /',
  ],
  ['a RUN of the classic builder', '/bin/sh -c apt-get update', 'RUN apt-get update'],
  ['a RUN of BuildKit', 'RUN /bin/sh -c apt-get update # buildkit', 'RUN apt-get update'],
  ['a COPY of BuildKit', 'COPY --chown=1000 dist /srv # buildkit', 'COPY --chown=1000 dist /srv'],
  ['build arguments of the classic builder', '|2 A=1 B=two words /bin/sh -c make install', 'RUN make install'],
  ['build arguments of BuildKit', 'RUN |1 VERSION=3.2 /bin/sh -c make # buildkit', 'RUN make'],
  ['another shell', 'RUN /bin/bash -o pipefail -c curl x | tar x # buildkit', 'RUN curl x | tar x'],
  ['a login shell', '/bin/bash -lc make', 'RUN make'],
  ['a Windows RUN', 'cmd /S /C mkdir C:\\app', 'RUN mkdir C:\\app'],
  ['a Windows nop', 'cmd /S /C #(nop)  EXPOSE 80', 'EXPOSE 80'],
  ['an instruction as it is', 'WORKDIR /app', 'WORKDIR /app'],
  ['an instruction that BuildKit marks', 'ENV A=b # buildkit', 'ENV A=b'],
  ['a plain command', 'bazel build //image', 'bazel build //image'],
  ['several lines', 'RUN /bin/sh -c a &&\n  b # buildkit', 'RUN a &&\n  b'],
  ['nothing', '', ''],
];

for (const [what, createdBy, expected] of CASES) {
  test(`the instruction of ${what}`, () => assert.equal(instructionOf(createdBy), expected));
}

test('parses a string made to stall the patterns without delay', () => {
  const hostile = `|9 ${'/bin'.repeat(50_000)}`;
  const began = performance.now();
  instructionOf(hostile);
  instructionOf(`powershell -Command ${' '.repeat(50_000)}`);
  // Quadratic patterns need minutes here; linear ones need milliseconds even on a slow machine.
  assert.ok(performance.now() - began < 5_000);
});
