import { asObjects, asString, isObject, type JsonObject } from '../oci/json.ts';

/** A package that an SBOM lists. */
export interface DeclaredPackage {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  /** A package URL (purl-spec). */
  readonly purl?: string;
}

/** SPDX's ways to say that nothing is known (SPDX 2.3, clause 7). */
const UNKNOWN: ReadonlySet<string> = new Set(['NOASSERTION', 'NONE']);

/**
 * Reads the packages of an SBOM in SPDX or CycloneDX JSON, alone or as a statement's predicate.
 * Returns `undefined` if the document is neither.
 */
export function readSbomPackages(document: JsonObject): readonly DeclaredPackage[] | undefined {
  const sbom = unwrap(document);
  if (typeof sbom.spdxVersion === 'string') return asObjects(sbom.packages).flatMap(ofSpdx);
  if (sbom.bomFormat === 'CycloneDX') return asObjects(sbom.components).flatMap(ofCycloneDx);
  return undefined;
}

/** Cosign wraps a predicate of its own type once more, as a string (cosign, ATTESTATION_SPEC). */
function unwrap(document: JsonObject): JsonObject {
  if (!isObject(document.predicate)) return document;
  const { predicate } = document;
  return isObject(predicate.Data) ? predicate.Data : predicate;
}

function ofSpdx(item: JsonObject): readonly DeclaredPackage[] {
  const references = asObjects(item.externalRefs);
  const license = [item.licenseConcluded, item.licenseDeclared].map(asString).find(text => text && !UNKNOWN.has(text));
  return declared(
    item.name,
    item.versionInfo,
    license,
    references.find(({ referenceType }) => referenceType === 'purl')?.referenceLocator,
  );
}

function ofCycloneDx(item: JsonObject): readonly DeclaredPackage[] {
  // A file isn't a package.
  if (item.type === 'file') return [];
  const licenses = asObjects(item.licenses).map(entry => {
    const { id, name } = isObject(entry.license) ? entry.license : {};
    return asString(entry.expression) ?? asString(id) ?? asString(name);
  });
  const group = asString(item.group);
  const name = asString(item.name);
  const named = group && name ? `${group}/${name}` : name;
  return declared(named, item.version, licenses.filter(Boolean).join(', '), item.purl);
}

function declared(
  name: unknown,
  version: unknown,
  license: string | undefined,
  purl: unknown,
): readonly DeclaredPackage[] {
  const named = asString(name);
  if (named === undefined) return [];
  const url = asString(purl);
  return [
    { name: named, version: asString(version) ?? '', ...(license ? { license } : {}), ...(url ? { purl: url } : {}) },
  ];
}
