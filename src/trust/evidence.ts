import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseJsonObject, type JsonObject } from '../oci/json.ts';
import { parseManifest } from '../oci/manifest.ts';
import { kindOfPredicate, statedPredicate, type Attached, type AttachedKind } from './attached.ts';
import type { AttachedSource } from './listAttached.ts';

/** A signature as it is attached, not yet verified. */
export type Evidence = {
  readonly kind: AttachedKind;
  /** The manifest that it is attached to. */
  readonly subject: Digest;
} & (
  | { readonly form: 'bundle'; readonly bundle: JsonObject }
  /** A payload or envelope of cosign's, with the signature's parts in annotations. */
  | { readonly form: 'cosign'; readonly payload: Uint8Array; readonly annotations: Readonly<Record<string, string>> }
  | { readonly form: 'envelope'; readonly envelope: JsonObject; readonly annotations: Readonly<Record<string, string>> }
  | { readonly form: 'unsupported'; readonly reason: string }
);

/** Bytes of one signature; statements with a whole SBOM are long. */
const LONGEST = 40 << 20;
/** Signatures that are read from one artifact. */
const MOST_LAYERS = 100;

const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v[\d.]+)?\+json\b/;
const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
const ENVELOPE = 'application/vnd.dsse.envelope.v1+json';
const NOTATION = ['application/jose+json', 'application/cose'];

/**
 * Reads the signatures in an attached artifact. Statements without a signature, such as BuildKit's,
 * are none.
 */
export async function readEvidence(
  source: AttachedSource,
  repository: string,
  { descriptor, subject, kind }: Attached,
  signal: AbortSignal,
): Promise<readonly Evidence[]> {
  const { bytes, mediaType } = await source.manifest(repository, descriptor.digest, signal, descriptor.size);
  const manifest = parseManifest(bytes, mediaType);
  if (manifest.kind !== 'image') return [];
  const signed = manifest.layers.filter(isSignature).slice(0, MOST_LAYERS);
  return Promise.all(
    signed.map(layer => {
      const predicate = statedPredicate(layer) ?? statedPredicate(descriptor);
      const what = predicate === undefined ? kind : kindOfPredicate(predicate);
      return readLayer(source, repository, layer, { kind: what, subject }, signal);
    }),
  );
}

function isSignature({ mediaType }: Descriptor): boolean {
  return (
    BUNDLE.test(mediaType) || mediaType === SIMPLE_SIGNING || mediaType === ENVELOPE || NOTATION.includes(mediaType)
  );
}

async function readLayer(
  source: AttachedSource,
  repository: string,
  layer: Descriptor,
  about: Pick<Evidence, 'kind' | 'subject'>,
  signal: AbortSignal,
): Promise<Evidence> {
  const unsupported = (reason: string): Evidence => ({ ...about, form: 'unsupported', reason });
  if (NOTATION.includes(layer.mediaType)) return unsupported("Peel can't verify Notation signatures");
  if (layer.size > LONGEST) return unsupported(`It is larger than ${LONGEST >> 20} MiB`);
  const bytes = await source.blobBytes(repository, layer, LONGEST, signal);
  const { annotations = {} } = layer;
  if (layer.mediaType === SIMPLE_SIGNING) return { ...about, form: 'cosign', payload: bytes, annotations };
  const json = parseJsonObject(new TextDecoder().decode(bytes));
  if (!json) return unsupported("It isn't valid JSON");
  if (layer.mediaType === ENVELOPE) return { ...about, form: 'envelope', envelope: json, annotations };
  return { ...about, form: 'bundle', bundle: json };
}
