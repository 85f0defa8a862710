import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { ImagePackages, InstalledPackage } from '../../../src/packages/package.ts';
import { cycloneDx } from '../../../src/packages/sbom/cycloneDx.ts';
import { isSpdxExpression } from '../../../src/packages/sbom/licenses.ts';
import { packageUrl } from '../../../src/packages/sbom/purl.ts';
import { spdx } from '../../../src/packages/sbom/spdx.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { projectRoot } from '../../rig/paths.ts';

const os = { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)' };
const one = (type: InstalledPackage['type'], name: string, version: string, more: Partial<InstalledPackage> = {}) => ({
  type,
  name,
  version,
  path: 'p',
  layer: 1,
  ...more,
});
const found: ImagePackages = {
  os,
  packages: [
    one('dpkg', 'libc6', '1:2.36-9+deb12u4', { arch: 'amd64', license: 'GPL-2+ and others', source: 'glibc (2.36)' }),
    one('npm', '@scope/a', '1.0.0', { license: '(MIT OR Apache-2.0)' }),
    one('npm', 'with "quotes" \u0000 and <b>', '1', { path: 'a b/ü', inside: 'x.jar' }),
    one('maven', 'org.x:core', '2'),
  ],
  sboms: [],
  notes: ['a is damaged.'],
};
const subject = {
  reference: parseReference('registry.example.com:5000/team/app:1'),
  digest: `sha256:${'a'.repeat(64)}`,
  platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  id: '0f8fad5b-d9cb-469f-a165-70867728950e',
  created: new Date('2026-01-02T03:04:05.678Z'),
  tool: '1.0.0',
} as const;

test('names packages by their URLs', () => {
  const urls = [
    one('dpkg', 'libc6', '1:2.36', { arch: 'amd64' }),
    one('apk', 'musl', '1.2-r1', { arch: 'x86_64' }),
    one('rpm', 'bash', '2:5.1-1', { arch: 'x86_64' }),
    one('rpm', 'zlib', '1.2-3'),
    one('npm', '@scope/a', '1'),
    one('pypi', 'Jinja_2', '3'),
    one('golang', 'golang.org/x/sys', 'v0.1.0'),
    one('golang', 'example.com/app', '(devel)'),
    one('golang', 'stdlib', '1.26'),
    one('maven', 'org.x:core', '2'),
    one('composer', 'psr/log', '1'),
  ].map(item => packageUrl(item, os));
  assert.deepEqual(urls, [
    'pkg:deb/debian/libc6@1:2.36?arch=amd64&distro=debian-12',
    'pkg:apk/debian/musl@1.2-r1?arch=x86_64&distro=debian-12',
    'pkg:rpm/debian/bash@5.1-1?arch=x86_64&distro=debian-12&epoch=2',
    'pkg:rpm/debian/zlib@1.2-3?distro=debian-12',
    'pkg:npm/%40scope/a@1',
    'pkg:pypi/jinja-2@3',
    'pkg:golang/golang.org/x/sys@v0.1.0',
    'pkg:golang/example.com/app',
    'pkg:golang/stdlib@1.26',
    'pkg:maven/org.x/core@2',
    'pkg:composer/psr/log@1',
  ]);
});

test('CycloneDX documents are valid by the published schema', () => {
  const schema = (name: string): object =>
    JSON.parse(
      readFileSync(
        join(projectRoot, `node_modules/@cyclonedx/cyclonedx-library/res/schema/${name}.SNAPSHOT.schema.json`),
        'utf8',
      ),
    ) as object;
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addFormat('iri-reference', true).addFormat('idn-email', true);
  ajv.addSchema(schema('spdx'), 'http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json');
  ajv.addSchema(schema('jsf-0.82'), 'http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json');
  const validate = ajv.compile(schema('bom-1.6'));
  for (const content of [found, { packages: [], sboms: [], notes: [] }]) {
    validate(JSON.parse(cycloneDx(subject, content)));
    assert.deepEqual(validate.errors ?? [], []);
  }
  assert.equal(validate({ bomFormat: 'CycloneDX', specVersion: '1.6', components: [{}] }), false);
  assert.equal(cycloneDx(subject, found), cycloneDx(subject, found));
});

interface SpdxPackage {
  readonly SPDXID: string;
  readonly name: string;
  readonly downloadLocation: string;
  readonly filesAnalyzed: boolean;
  readonly licenseDeclared?: string;
}

test('SPDX documents keep the rules of SPDX 2.3', () => {
  const document = JSON.parse(spdx(subject, found)) as {
    readonly [key: string]: unknown;
    readonly packages: readonly SpdxPackage[];
    readonly creationInfo: { readonly created: string; readonly creators: readonly string[] };
    readonly relationships: readonly Record<string, string>[];
  };
  const { packages, relationships, creationInfo } = document;
  assert.deepEqual(
    [document['spdxVersion'], document['dataLicense'], document['SPDXID']],
    ['SPDX-2.3', 'CC0-1.0', 'SPDXRef-DOCUMENT'],
  );
  assert.match(String(document['documentNamespace']), /^https:\/\/[^#]+$/);
  assert.match(creationInfo.created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.deepEqual(creationInfo.creators, ['Tool: Peel-1.0.0']);
  const ids = new Set(packages.map(item => item.SPDXID));
  assert.equal(ids.size, packages.length);
  assert.equal(packages.length, found.packages.length + 2);
  for (const item of packages) {
    assert.match(item.SPDXID, /^SPDXRef-[A-Za-z0-9.-]+$/);
    assert.ok(item.name !== '' && item.downloadLocation === 'NOASSERTION' && !item.filesAnalyzed);
    const declared = item.licenseDeclared ?? 'NOASSERTION';
    assert.ok(declared === 'NOASSERTION' || isSpdxExpression(declared), declared);
  }
  assert.equal(packages.find(({ name }) => name === '@scope/a')?.licenseDeclared, '(MIT OR Apache-2.0)');
  ids.add('SPDXRef-DOCUMENT');
  for (const { spdxElementId = '', relatedSpdxElement = '' } of relationships)
    assert.ok(ids.has(spdxElementId) && ids.has(relatedSpdxElement));
  assert.equal(relationships.filter(({ relationshipType }) => relationshipType === 'DESCRIBES').length, 1);
});
