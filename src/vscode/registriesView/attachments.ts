import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { NotFoundError } from '../../registry/errors.ts';
import { plainText } from '../common/text.ts';
import type { RepositoryAccess } from '../registries/repositoryAccess.ts';

/** How the tree presents an attachment. */
export interface AttachmentName {
  readonly label: string;
  readonly detail: string;
  /** A codicon's name. */
  readonly icon: string;
}

/** Labels of common types of artifacts, predicates and file formats, most specific first. */
const KINDS: readonly (readonly [pattern: RegExp, label: string, icon: string])[] = [
  [/cosign.*sbom|\.sbom$/i, 'SBOM (cosign)', 'checklist'],
  [/cosign.*simplesigning|cosign.*artifact\.sig|\.sig$|cncf\.notary\.signature|sigstore\.bundle/i, 'Signature', 'key'],
  [/spdx/i, 'SBOM (SPDX)', 'checklist'],
  [/cyclonedx/i, 'SBOM (CycloneDX)', 'checklist'],
  [/sbom|syft/i, 'SBOM', 'checklist'],
  [/slsa|provenance/i, 'Provenance', 'type-hierarchy'],
  [/vuln|sarif|cve/i, 'Vulnerability report', 'bug'],
  [/vex/i, 'VEX statement', 'bug'],
  [/attestation|in-toto|dsse|\.att$/i, 'Attestation', 'law'],
  [/soci\.index/i, 'SOCI index', 'list-tree'],
];

/** Names an attachment by its artifact type, its annotations and its media type. */
export function nameOfAttachment({ artifactType, annotations = {}, mediaType, digest }: Descriptor): AttachmentName {
  const told = [artifactType, annotations['vnd.docker.reference.type'], ...Object.values(annotations), mediaType];
  for (const [pattern, label, icon] of KINDS) {
    if (told.some(text => text !== undefined && pattern.test(text.slice(0, 500)))) {
      return { label, icon, detail: artifactType ?? digest };
    }
  }
  return { label: plainText(artifactType ?? 'Artifact', 120), icon: 'file-binary', detail: digest };
}

/** Suffixes of the tags by which cosign attaches artifacts without referrers. */
const COSIGN_ENDINGS = ['sig', 'att', 'sbom'] as const;

/**
 * Lists what is attached to a manifest: its referrers (distribution-spec, "Listing Referrers"), and
 * cosign's tags made from the digest.
 * @throws what the registry answers, except that something isn't found
 */
export async function listAttached(
  client: RepositoryAccess,
  repository: string,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const byTag = COSIGN_ENDINGS.map(ending => cosignAttachment(client, repository, digest, ending, signal));
  const [referrers, ...tagged] = await Promise.all([client.referrers(repository, digest, undefined, signal), ...byTag]);
  return [...referrers, ...tagged.filter(found => found !== undefined)];
}

async function cosignAttachment(
  client: RepositoryAccess,
  repository: string,
  digest: Digest,
  ending: string,
  signal: AbortSignal,
): Promise<Descriptor | undefined> {
  const tag = `${digest.replace(':', '-')}.${ending}`;
  try {
    const { bytes, mediaType, digest: found } = await client.manifest(repository, tag, signal);
    return { mediaType, digest: found, size: bytes.length, artifactType: `cosign.${ending}` };
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
