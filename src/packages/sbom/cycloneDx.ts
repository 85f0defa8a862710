import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import type { ImagePackages, InstalledPackage, OperatingSystem } from '../package.ts';
import { isSpdxExpression } from './licenses.ts';
import { imageUrl, packageUrl } from './purl.ts';
import type { SbomSubject } from './sbomSubject.ts';

/** Returns a CycloneDX 1.6 document (ECMA-424) in JSON. */
export function cycloneDx(subject: SbomSubject, { os, packages, notes }: ImagePackages): string {
  const components = [...(os ? [systemOf(os)] : []), ...packages.map((one, at) => componentOf(one, at, os))];
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${subject.id}`,
    version: 1,
    metadata: {
      timestamp: subject.created.toISOString(),
      tools: { components: [{ type: 'application', name: 'Peel', version: subject.tool }] },
      component: {
        type: 'container',
        'bom-ref': 'image',
        name: formatReference(subject.reference),
        version: subject.digest,
        purl: imageUrl(subject),
        properties: [{ name: 'peel:platform', value: formatPlatform(subject.platform) }],
      },
      ...(notes.length > 0 ? { properties: notes.map(value => ({ name: 'peel:note', value })) } : {}),
    },
    components,
    dependencies: [{ ref: 'image', dependsOn: components.map(one => one['bom-ref']) }],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function systemOf({ id, version, name }: OperatingSystem) {
  return { type: 'operating-system', 'bom-ref': 'os', name: id, version, description: name };
}

function componentOf(one: InstalledPackage, at: number, os: OperatingSystem | undefined) {
  const { type, name, version, license, source, path, inside, layer } = one;
  const properties = Object.entries({ type, path, inside, layer: String(layer), source });
  return {
    type: 'library',
    'bom-ref': `package-${at + 1}`,
    name,
    version,
    ...(license === undefined
      ? {}
      : { licenses: [isSpdxExpression(license) ? { expression: license } : { license: { name: license } }] }),
    purl: packageUrl(one, os),
    properties: properties.flatMap(([key, value]) => (value === undefined ? [] : [{ name: `peel:${key}`, value }])),
  };
}
