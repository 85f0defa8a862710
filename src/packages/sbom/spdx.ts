import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import type { ImagePackages, InstalledPackage, OperatingSystem } from '../package.ts';
import { isSpdxExpression } from './licenses.ts';
import { imageUrl, packageUrl } from './purl.ts';
import type { SbomSubject } from './sbomSubject.ts';

const UNKNOWN = 'NOASSERTION';
const DOCUMENT = 'SPDXRef-DOCUMENT';
const IMAGE = 'SPDXRef-Image';
const SYSTEM = 'SPDXRef-OperatingSystem';

/** Returns an SPDX 2.3 document in JSON. */
export function spdx(subject: SbomSubject, { os, packages, notes }: ImagePackages): string {
  const name = formatReference(subject.reference);
  const parts = [...(os ? [systemOf(os)] : []), ...packages.map((one, at) => packageOf(one, at, os))];
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: DOCUMENT,
    name,
    documentNamespace: `https://spdx.org/spdxdocs/peel-${subject.id}`,
    creationInfo: {
      // Without fractions of a second (clause 6.9).
      created: subject.created.toISOString().replace(/\.\d+Z$/, 'Z'),
      creators: [`Tool: Peel-${subject.tool}`],
      ...(notes.length > 0 ? { comment: notes.join('\n') } : {}),
    },
    packages: [
      {
        SPDXID: IMAGE,
        name,
        versionInfo: subject.digest,
        ...about('CONTAINER'),
        comment: formatPlatform(subject.platform),
        ...reference(imageUrl(subject)),
      },
      ...parts,
    ],
    relationships: [
      { spdxElementId: DOCUMENT, relationshipType: 'DESCRIBES', relatedSpdxElement: IMAGE },
      ...parts.map(({ SPDXID }) => ({
        spdxElementId: IMAGE,
        relationshipType: 'CONTAINS',
        relatedSpdxElement: SPDXID,
      })),
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** What every package must say, and nothing here knows. */
function about(purpose: string) {
  return {
    downloadLocation: UNKNOWN,
    filesAnalyzed: false,
    licenseConcluded: UNKNOWN,
    copyrightText: UNKNOWN,
    primaryPackagePurpose: purpose,
  };
}

function systemOf({ id, version, name }: OperatingSystem) {
  return { SPDXID: SYSTEM, name: id, versionInfo: version, ...about('OPERATING-SYSTEM'), summary: name };
}

function packageOf(one: InstalledPackage, at: number, os: OperatingSystem | undefined) {
  const { name, version, license, source, path, inside, layer } = one;
  const isExpression = license !== undefined && isSpdxExpression(license);
  const place = inside === undefined ? path : `${path}!/${inside}`;
  return {
    SPDXID: `SPDXRef-Package-${at + 1}`,
    name,
    versionInfo: version,
    ...about('LIBRARY'),
    licenseDeclared: isExpression ? license : UNKNOWN,
    ...(license === undefined || isExpression ? {} : { licenseComments: `The package says: ${license}` }),
    sourceInfo: `Recorded in ${place}, from layer ${layer}${source === undefined ? '' : `, source package ${source}`}`,
    ...reference(packageUrl(one, os)),
  };
}

function reference(purl: string | undefined) {
  if (purl === undefined) return {};
  return {
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
  };
}
