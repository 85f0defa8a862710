import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf, kindOfPredicate } from '../../../src/trust/attached.ts';
import { describeProvenance, readProvenance } from '../../../src/trust/provenance.ts';
import { readableAttachment } from '../../../src/trust/readable.ts';
import { readSbomPackages } from '../../../src/trust/sbomPackages.ts';
import { parseStatement, UnusableStatementError } from '../../../src/trust/statement.ts';
import { IDENTITY, ISSUER, statementAbout, TestSigstore } from '../../support/sigstore.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;

function provenance(predicateType: string, predicate: object): string {
  const statement = parseStatement(Buffer.from(JSON.stringify(statementAbout(digest, predicateType, predicate))));
  return describeProvenance(readProvenance(statement));
}

test('a provenance reads as one line, in every form that builders write', () => {
  const v1 = 'https://slsa.dev/provenance/v1';
  const github = {
    buildDefinition: {
      buildType: 'https://actions.github.io/buildtypes/workflow/v1',
      externalParameters: {
        workflow: {
          ref: 'refs/heads/main',
          repository: 'https://github.com/o/r',
          path: '.github/workflows/release.yml',
        },
      },
      resolvedDependencies: [
        { uri: 'git+https://github.com/o/r@refs/heads/main', digest: { gitCommit: 'c0ffee0123456789' } },
      ],
    },
    runDetails: { builder: { id: 'https://github.com/actions/runner/github-hosted' } },
  };
  assert.equal(
    provenance(v1, github),
    'Built by workflow .github/workflows/release.yml of github.com/o/r at commit c0ffee012345',
  );
  const buildkit = {
    buildDefinition: {
      externalParameters: {
        configSource: { uri: 'https://github.com/o/r.git#refs/tags/v1', digest: { sha1: 'abc123' } },
      },
    },
    runDetails: { builder: { id: 'https://mobyproject.org/buildkit@v1' } },
  };
  assert.equal(provenance(v1, buildkit), 'Built by mobyproject.org/buildkit@v1 from github.com/o/r at commit abc123');
  const local = { runDetails: { metadata: { buildkit_metadata: { vcs: { source: 'git@x:o/r', revision: 'f00' } } } } };
  assert.equal(provenance(v1, local), 'Built by an unnamed builder from git@x:o/r at commit f00');
  const old = {
    builder: { id: 'https://example.com/builder' },
    invocation: { configSource: { uri: 'git+https://example.com/o/r@refs/heads/main', entryPoint: 'Dockerfile' } },
  };
  assert.equal(
    provenance('https://slsa.dev/provenance/v0.2', old),
    'Built by example.com/builder from example.com/o/r at refs/heads/main',
  );
  assert.equal(provenance(v1, {}), 'Built by an unnamed builder');
});

test('artifacts are named by their predicate before their type', () => {
  const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const of = (annotations: Record<string, string>, artifactType = bundle): string =>
    kindOf({ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1, artifactType, annotations });
  assert.equal(of({ 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' }), 'provenance');
  assert.equal(of({ 'dev.sigstore.bundle.predicateType': 'https://sigstore.dev/cosign/sign/v1' }), 'signature');
  assert.equal(of({}), 'signature');
  assert.equal(
    of({ predicateType: 'https://spdx.dev/Document/v2.3' }, 'application/vnd.dsse.envelope.v1+json'),
    'sbom',
  );
  assert.equal(of({}, 'application/vnd.cncf.notary.signature'), 'signature');
  assert.equal(of({}, 'application/vnd.amazon.soci.index.v1+json'), 'soci');
  assert.equal(of({}, 'application/vnd.example.model'), 'other');
  assert.equal(kindOfPredicate('https://cyclonedx.org/bom'), 'sbom');
  assert.equal(kindOfPredicate('https://openvex.dev/ns/v0.2.0'), 'vex');
  assert.equal(kindOfPredicate('https://cosign.sigstore.dev/attestation/vuln/v1'), 'vulnerabilities');
});

test('a statement is refused if it is none, or means two things', () => {
  for (const text of [
    '[]',
    '{"_type":"https://example.com/other"}',
    '{"_type":"https://in-toto.io/Statement/v1","subject":[],"subject":[]}',
    '{"_type":"https://in-toto.io/Statement/v1","\\u0073ubject":[],"subject":[]}',
  ]) {
    assert.throws(() => parseStatement(Buffer.from(text)), UnusableStatementError, text);
  }
  const good = Buffer.from(JSON.stringify(statementAbout(digest, 'x')));
  assert.throws(() => parseStatement(good, 'text/plain'), UnusableStatementError);
  assert.deepEqual(parseStatement(good, 'application/vnd.in-toto+json').subjects, [digest]);
});

test('packages of SPDX and CycloneDX documents, bare or in a predicate', () => {
  const spdx = {
    spdxVersion: 'SPDX-2.3',
    packages: [
      { name: 'zlib', versionInfo: '1.3', licenseConcluded: 'NOASSERTION', licenseDeclared: 'Zlib' },
      { name: 'app', externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:npm/app@1' }] },
      { versionInfo: 'nameless' },
    ],
  };
  const expected = [
    { name: 'zlib', version: '1.3', license: 'Zlib' },
    { name: 'app', version: '', purl: 'pkg:npm/app@1' },
  ];
  assert.deepEqual(readSbomPackages(spdx), expected);
  assert.deepEqual(readSbomPackages({ predicate: spdx }), expected);
  const cyclone = {
    bomFormat: 'CycloneDX',
    components: [
      { type: 'library', group: '@scope', name: 'lib', version: '2', licenses: [{ license: { id: 'MIT' } }] },
      { type: 'file', name: '/etc/passwd' },
    ],
  };
  assert.deepEqual(readSbomPackages({ predicate: { Data: cyclone } }), [
    { name: '@scope/lib', version: '2', license: 'MIT' },
  ]);
  assert.equal(readSbomPackages({ hello: 'world' }), undefined);
});

test('a bundle opens with its statement and certificate decoded, and secrets hidden', async () => {
  const predicate = { buildArgs: { NPM_TOKEN: 'npm_0123456789abcdefghijABCDEFGHIJ012345' } };
  const bundle = await new TestSigstore().signStatement(
    statementAbout(digest, 'https://slsa.dev/provenance/v1', predicate),
  );
  const text = readableAttachment(JSON.stringify(bundle)) ?? '';
  assert.match(text, /"predicateType": "https:\/\/slsa\.dev/);
  assert.ok(text.includes(IDENTITY) && text.includes(ISSUER), text.slice(0, 600));
  assert.doesNotMatch(text, /0123456789abcdefghij/);
  assert.equal(readableAttachment('{"layers":[]}'), undefined);
  assert.equal(readableAttachment('no json'), undefined);
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  assert.equal(readableAttachment(`{"_type":"x","predicate":${deep}}`), undefined);
});
