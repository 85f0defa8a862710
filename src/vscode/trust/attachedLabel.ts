import type { Attached, AttachedKind } from '../../trust/attached.ts';
import { plainText } from '../common/text.ts';

/** A name and a codicon. */
interface Label {
  readonly label: string;
  readonly icon: string;
}

/** Names and codicons of what can be attached to an image. */
const LABELS: Readonly<Record<AttachedKind, Label>> = {
  signature: { label: 'Signature', icon: 'key' },
  provenance: { label: 'Provenance', icon: 'type-hierarchy' },
  sbom: { label: 'SBOM', icon: 'checklist' },
  vulnerabilities: { label: 'Vulnerability report', icon: 'bug' },
  vex: { label: 'VEX statement', icon: 'bug' },
  attestation: { label: 'Attestation', icon: 'law' },
  soci: { label: 'SOCI index', icon: 'list-tree' },
  other: { label: 'Artifact', icon: 'file-binary' },
};

/** Formats of SBOMs, by their predicate or artifact type. */
const SBOM_FORMATS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/spdx/i, 'SPDX'],
  [/cyclonedx/i, 'CycloneDX'],
  [/syft/i, 'Syft'],
];

/** Returns how lists present a kind of artifact. */
export function labelOf(kind: AttachedKind): Label {
  return LABELS[kind];
}

/** Returns how a row presents an attached artifact: an SBOM with its format. */
export function labelOfAttached({ kind, predicateType, descriptor }: Attached): Label {
  const { label, icon } = LABELS[kind];
  const type = predicateType ?? descriptor.artifactType ?? '';
  if (kind === 'other' && type) return { label: plainText(type, 120), icon };
  const format = kind === 'sbom' && SBOM_FORMATS.find(([pattern]) => pattern.test(type))?.[1];
  return { label: format ? `${label} (${format})` : label, icon };
}
