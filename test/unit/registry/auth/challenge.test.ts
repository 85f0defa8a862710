import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseChallenges, type Challenge } from '../../../../src/registry/auth/challenge.ts';

type Expected = [scheme: string, parameters?: Record<string, string>, token68?: string];

const CASES: [name: string, header: string | string[] | undefined, expected: Expected[]][] = [
  ['none', undefined, []],
  ['an empty one', '', []],
  ['a scheme alone', 'Basic', [['basic']]],
  ['one parameter', 'Basic realm="simple"', [['basic', { realm: 'simple' }]]],
  ['a scheme in any case', 'bEaReR ReAlM="Case"', [['bearer', { realm: 'Case' }]]],
  ['a token as value', 'Basic realm=simple', [['basic', { realm: 'simple' }]]],
  [
    'a URL without quotes',
    'Bearer realm=https://auth.example/token,service=x',
    [['bearer', { realm: 'https://auth.example/token', service: 'x' }]],
  ],
  ['escapes', String.raw`Basic realm="a \"quoted\" \\ text"`, [['basic', { realm: String.raw`a "quoted" \ text` }]]],
  [
    'a comma in quotes',
    'Bearer realm="x",scope="repository:a/b:pull,push"',
    [['bearer', { realm: 'x', scope: 'repository:a/b:pull,push' }]],
  ],
  ['spaces around =', 'Bearer realm = "x" , service\t=\t"y"', [['bearer', { realm: 'x', service: 'y' }]]],
  ['many spaces behind the scheme', 'Bearer    realm="x"', [['bearer', { realm: 'x' }]]],
  ['empty list elements', ', ,Bearer realm="x",, ,service="y",', [['bearer', { realm: 'x', service: 'y' }]]],
  ['an empty quoted value', 'Bearer realm="x",error="",scope="s"', [['bearer', { realm: 'x', error: '', scope: 's' }]]],
  ['an empty bare value', 'Bearer realm="x",error=,scope="s"', [['bearer', { realm: 'x', error: '', scope: 's' }]]],
  ['an empty bare value first', 'Bearer error=,realm="x"', [['bearer', { error: '', realm: 'x' }]]],
  [
    'two challenges in a line',
    'Basic realm="a", Bearer realm="b",service="c"',
    [
      ['basic', { realm: 'a' }],
      ['bearer', { realm: 'b', service: 'c' }],
    ],
  ],
  [
    'two challenges without a comma',
    'Basic realm="a" Bearer realm="b"',
    [
      ['basic', { realm: 'a' }],
      ['bearer', { realm: 'b' }],
    ],
  ],
  [
    'two lines',
    ['Basic realm="a"', 'Bearer realm="b"'],
    [
      ['basic', { realm: 'a' }],
      ['bearer', { realm: 'b' }],
    ],
  ],
  [
    'a token68',
    'Negotiate YII+/=, Basic realm="a"',
    [
      ['negotiate', {}, 'YII+/='],
      ['basic', { realm: 'a' }],
    ],
  ],
  [
    'schemes without parameters',
    'Negotiate, NTLM, Basic realm="a"',
    [['negotiate'], ['ntlm'], ['basic', { realm: 'a' }]],
  ],
  [
    'the example of RFC 9110',
    'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
    [
      ['basic', { realm: 'simple' }],
      ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
    ],
  ],
  ['a repeated name: the first counts', 'Bearer realm="first",realm="second"', [['bearer', { realm: 'first' }]]],
  ['an end in the middle of quotes', 'Bearer realm="x", service="cut', [['bearer', { realm: 'x', service: 'cut' }]]],
  ['nonsense in between', 'Bearer realm="x", @@@ ;;; , service="y"', [['bearer', { realm: 'x', service: 'y' }]]],
  ['a parameter without a scheme', 'realm="x", Basic realm="y"', [['basic', { realm: 'y' }]]],
  ['names that objects have', 'Bearer constructor="x",toString="y"', [['bearer', { constructor: 'x', tostring: 'y' }]]],
  [
    'what Docker Hub sends',
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/x:pull",error="insufficient_scope"',
    [
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/x:pull',
          error: 'insufficient_scope',
        },
      ],
    ],
  ],
];

describe('challenges', () => {
  for (const [name, header, expected] of CASES) {
    it(name, () => {
      const wanted = expected.map(([scheme, parameters = {}, token68]): Challenge => ({
        scheme,
        parameters,
        ...(token68 === undefined ? {} : { token68 }),
      }));
      assert.deepEqual(parseChallenges(header), wanted);
    });
  }

  it('of any length are parsed in time', () => {
    for (const part of ['a ', 'a=,', '"', '\\', 'Basic realm="\\', ', ', '= ']) parseChallenges(part.repeat(50_000));
  });
});
