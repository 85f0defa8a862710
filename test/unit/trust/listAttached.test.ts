import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentDigest } from '../../../src/oci/contentDigest.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { NotFoundError } from '../../../src/registry/errors.ts';
import { listAttached, type AttachedSource } from '../../../src/trust/listAttached.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const image = contentDigest(Buffer.from('image'));

function attestationOf(...predicates: string[]): { readonly bytes: Buffer; readonly descriptor: Descriptor } {
  const layers = predicates.map((predicate, at) => ({
    mediaType: 'application/vnd.in-toto+json',
    digest: contentDigest(Buffer.from(String(at))),
    size: 1,
    annotations: { 'in-toto.io/predicate-type': predicate },
  }));
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: image, size: 2 };
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers }));
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image };
  return { bytes, descriptor: { mediaType: MANIFEST, digest: contentDigest(bytes), size: bytes.length, annotations } };
}

/** A registry that has one attestation manifest, which it also lists as a referrer. */
function registryWith({ bytes, descriptor }: ReturnType<typeof attestationOf>): AttachedSource {
  return {
    manifest: async (_repository, version) => {
      if (version !== descriptor.digest) throw new NotFoundError('manifest', version, { registry: 'r.example' });
      return { bytes, digest: descriptor.digest, mediaType: MANIFEST };
    },
    referrers: async (_repository, subject) =>
      subject === image ? [{ ...descriptor, artifactType: 'application/vnd.docker.attestation.manifest.v1+json' }] : [],
    blobBytes: () => Promise.reject(new Error('no blob is needed')),
  };
}

test("BuildKit's attestations are listed once, though the index and the referrers both have them", async () => {
  const provenance = 'https://slsa.dev/provenance/v1';
  const attestation = attestationOf(provenance);
  const subjects = { manifests: [image], attestations: [attestation.descriptor] };
  const { signal } = new AbortController();
  const found = await listAttached(registryWith(attestation), 'app', subjects, signal);
  assert.deepEqual(
    found.map(({ descriptor, kind, subject, predicateType }) => [descriptor.digest, kind, subject, predicateType]),
    [[attestation.descriptor.digest, 'provenance', image, provenance]],
  );
});

test('an attestation manifest with several kinds of statements is an attestation', async () => {
  const attestation = attestationOf('https://slsa.dev/provenance/v1', 'https://spdx.dev/Document');
  const subjects = { manifests: [image], attestations: [attestation.descriptor] };
  const found = await listAttached(registryWith(attestation), 'app', subjects, new AbortController().signal);
  assert.deepEqual(
    found.map(({ kind, predicateType }) => [kind, predicateType]),
    [['attestation', undefined]],
  );
});
