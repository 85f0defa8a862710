import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';

/** What an attached artifact is, or what a signature vouches for. */
export type AttachedKind =
  'signature' | 'provenance' | 'sbom' | 'vulnerabilities' | 'vex' | 'attestation' | 'soci' | 'other';

/** An artifact attached to an image: its descriptor, and what it is about. */
export interface Attached {
  readonly descriptor: Descriptor;
  readonly kind: AttachedKind;
  /** The manifest that it is about: the index, an image, or an attestation manifest. */
  readonly subject: Digest;
  /** The type of its statement, if it holds exactly one (in-toto attestation, "predicateType"). */
  readonly predicateType?: string;
}

/** The predicate type of a statement that only signs (cosign, BUNDLE_SPEC). */
const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1';

/** Kinds by predicate type, most specific first. */
const PREDICATES: readonly (readonly [pattern: RegExp, kind: AttachedKind])[] = [
  [/slsa\.dev\/provenance|\/provenance\//i, 'provenance'],
  [/spdx\.dev\/|cyclonedx\.org\/|\bsyft\b/i, 'sbom'],
  [/openvex|\/vex\b/i, 'vex'],
  [/\bvuln\b|vulnerabilit/i, 'vulnerabilities'],
];

/** Kinds by artifact type, media type or file suffix, most specific first. */
const TYPES: readonly (readonly [pattern: RegExp, kind: AttachedKind])[] = [
  [/cosign.*sbom|spdx|cyclonedx|sbom|syft/i, 'sbom'],
  [/cosign.*simplesigning|cosign.*\.sig\b|cncf\.notary\.signature/i, 'signature'],
  [/openvex|\bvex\b/i, 'vex'],
  [/sarif|vuln|\bcve\b/i, 'vulnerabilities'],
  [/soci\.index/i, 'soci'],
  [/slsa|provenance/i, 'provenance'],
  [/attestation|in-toto|dsse|\.att$/i, 'attestation'],
  [/sigstore\.bundle/i, 'signature'],
];

/** Annotations that contain a predicate type: of sigstore bundles, BuildKit, and cosign. */
const PREDICATE_ANNOTATIONS = ['dev.sigstore.bundle.predicateType', 'in-toto.io/predicate-type', 'predicateType'];

/** Returns the kind of a statement. */
export function kindOfPredicate(predicateType: string): AttachedKind {
  if (predicateType === COSIGN_SIGN) return 'signature';
  return match(PREDICATES, predicateType) ?? 'attestation';
}

/** Returns the predicate type that a descriptor's annotations state. */
export function statedPredicate({ annotations = {} }: Descriptor): string | undefined {
  return PREDICATE_ANNOTATIONS.map(name => annotations[name]).find(value => value !== undefined && value !== '');
}

/** Returns what a descriptor says it is: by its predicate first, then by its types. */
export function kindOf(descriptor: Descriptor): AttachedKind {
  const predicate = statedPredicate(descriptor);
  if (predicate !== undefined) return kindOfPredicate(predicate);
  const { artifactType, mediaType, annotations = {} } = descriptor;
  for (const text of [artifactType, annotations['vnd.docker.reference.type'], mediaType]) {
    const kind = text === undefined ? undefined : match(TYPES, text);
    if (kind !== undefined) return kind;
  }
  return 'other';
}

function match(table: readonly (readonly [RegExp, AttachedKind])[], text: string): AttachedKind | undefined {
  return table.find(([pattern]) => pattern.test(text.slice(0, 500)))?.[1];
}
