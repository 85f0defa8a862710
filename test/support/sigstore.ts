import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { initializeCA, initializeCTLog, initializeTLog, initializeTSA } from '@sigstore/mock';
import { preAuthEncoding } from '../../src/trust/verifyKey.ts';

export const IDENTITY = 'https://github.com/example/app/.github/workflows/release.yml@refs/tags/v1';
export const ISSUER = 'https://token.actions.githubusercontent.com';

const ISSUER_V2 = '1.3.6.1.4.1.57264.1.8';
const SHA256 = '2.16.840.1.101.3.4.2.1';

/** What a bundle is made of, and what is left out or made wrong. */
export interface SignOptions {
  readonly identity?: string;
  readonly issuer?: string;
  /** When log and timestamp authority see the signature; default: soon after the certificate. */
  readonly at?: Date;
  readonly timestamp?: boolean;
  readonly promise?: boolean;
  /** Sets the kind of the log entry, for kinds that are no longer written. */
  readonly logKind?: string;
  readonly logVersion?: string;
}

/** An entry as a log returns it. */
interface LogEntry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logIndex: number;
  readonly logID: string;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: {
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
      readonly checkpoint: string;
    };
  };
}

/** A Sigstore instance of the test's own: authority, logs, timestamps, without a network. */
export class TestSigstore {
  readonly #keys = {
    ca: keyPair('P-384'),
    ctlog: keyPair(),
    tlog: keyPair(),
    tsa: keyPair('P-384'),
  };

  /** The instance's trust root, as a trusted_root.json. */
  async trustRoot(): Promise<string> {
    const [ca, ctlog, tlog, tsa] = await Promise.all([
      initializeCA(this.#keys.ca),
      initializeCTLog(this.#keys.ctlog),
      initializeTLog('https://rekor.example', this.#keys.tlog),
      initializeTSA(this.#keys.tsa),
    ]);
    const validFor = { start: '2000-01-01T00:00:00Z' };
    const log = (baseUrl: string, publicKey: Buffer): object => ({
      baseUrl,
      hashAlgorithm: 'SHA2_256',
      publicKey: { rawBytes: publicKey.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
      logId: { keyId: createHash('sha256').update(publicKey).digest('base64') },
    });
    const authority = (uri: string, certificates: readonly ArrayBufferView[]): object => ({
      subject: { organization: 'sigstore.mock', commonName: 'sigstore' },
      uri,
      certChain: { certificates: certificates.map(rawBytes => ({ rawBytes: base64(rawBytes) })) },
      validFor,
    });
    return JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [log('https://rekor.example', tlog.publicKey)],
      ctlogs: [log('https://ct.example', ctlog.publicKey)],
      certificateAuthorities: [authority('https://fulcio.example', [ca.rootCertificate])],
      timestampAuthorities: [authority('https://tsa.example', [tsa.intCertificate, tsa.rootCertificate])],
    });
  }

  /** Signs a statement: a v0.3 bundle with an envelope. */
  async signStatement(statement: object, options: SignOptions = {}): Promise<Record<string, unknown>> {
    const payload = Buffer.from(JSON.stringify(statement));
    const payloadType = 'application/vnd.in-toto+json';
    const { certificate, signature, material } = await this.#sign(
      Buffer.from(preAuthEncoding(payloadType, payload)),
      options,
      (pem, sig) => ({
        apiVersion: options.logVersion ?? '0.0.1',
        kind: options.logKind ?? 'dsse',
        spec: {
          envelopeHash: { algorithm: 'sha256', value: 'unused' },
          payloadHash: { algorithm: 'sha256', value: createHash('sha256').update(payload).digest('hex') },
          signatures: [{ signature: sig.toString('base64'), verifier: Buffer.from(pem).toString('base64') }],
        },
      }),
    );
    return {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { certificate: { rawBytes: certificate.toString('base64') }, ...material },
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType,
        signatures: [{ sig: signature.toString('base64'), keyid: '' }],
      },
    };
  }

  /** Signs a payload as cosign does: the annotations of the layer that holds it. */
  async signPayload(payload: Uint8Array, options: SignOptions = {}): Promise<Record<string, string>> {
    const { certificate, signature, entry } = await this.#sign(payload, options, (pem, sig) => ({
      apiVersion: '0.0.1',
      kind: 'hashedrekord',
      spec: {
        data: { hash: { algorithm: 'sha256', value: createHash('sha256').update(payload).digest('hex') } },
        signature: { content: sig.toString('base64'), publicKey: { content: Buffer.from(pem).toString('base64') } },
      },
    }));
    return {
      'dev.cosignproject.cosign/signature': signature.toString('base64'),
      'dev.sigstore.cosign/certificate': pemOf(certificate),
      'dev.sigstore.cosign/bundle': JSON.stringify({
        SignedEntryTimestamp: entry.verification.signedEntryTimestamp,
        Payload: {
          body: entry.body,
          integratedTime: entry.integratedTime,
          logIndex: entry.logIndex,
          logID: entry.logID,
        },
      }),
    };
  }

  async #sign(content: Uint8Array, options: SignOptions, logged: (pem: string, signature: Buffer) => object) {
    const { at = soon(), identity = IDENTITY, issuer = ISSUER, timestamp = true, promise = true } = options;
    const signer = keyPair();
    const ctlog = await initializeCTLog(this.#keys.ctlog);
    const ca = await initializeCA(this.#keys.ca, ctlog);
    const certificate = Buffer.from(
      base64(
        await ca.issueCertificate({
          publicKey: signer.publicKey.export({ type: 'spki', format: 'der' }),
          subjectAltName: identity,
          extensions: [{ oid: ISSUER_V2, value: issuer }],
        }),
      ),
      'base64',
    );
    const signature = sign('sha256', content, signer.privateKey);
    const tlog = await initializeTLog('https://rekor.example', this.#keys.tlog, at);
    const answer = (await tlog.log(logged(pemOf(certificate), signature))) as Record<string, LogEntry>;
    const [entry] = Object.values(answer);
    if (!entry) throw new Error('the log returned nothing');
    const tsa = await initializeTSA(this.#keys.tsa, at);
    const signedTimestamp = await tsa.timestamp({
      artifactHash: createHash('sha256').update(signature).digest(),
      hashAlgorithmOID: SHA256,
      nonce: 1,
      policyOID: '1.2.3.4',
    });
    const body = JSON.parse(Buffer.from(entry.body, 'base64').toString()) as { kind: string; apiVersion: string };
    const proof = entry.verification.inclusionProof;
    const material = {
      tlogEntries: [
        {
          logIndex: String(entry.logIndex),
          logId: { keyId: Buffer.from(entry.logID, 'hex').toString('base64') },
          kindVersion: { kind: body.kind, version: body.apiVersion },
          integratedTime: String(entry.integratedTime),
          ...(promise ? { inclusionPromise: { signedEntryTimestamp: entry.verification.signedEntryTimestamp } } : {}),
          inclusionProof: {
            logIndex: String(proof.logIndex),
            rootHash: Buffer.from(proof.rootHash, 'hex').toString('base64'),
            treeSize: String(proof.treeSize),
            hashes: [],
            checkpoint: { envelope: proof.checkpoint },
          },
          canonicalizedBody: entry.body,
        },
      ],
      timestampVerificationData: {
        rfc3161Timestamps: timestamp ? [{ signedTimestamp: base64(signedTimestamp) }] : [],
      },
    };
    return { certificate, signature, entry, material };
  }
}

/** A whole second, since the library doesn't read every fraction that the authority writes. */
function soon(): Date {
  return new Date(Math.ceil(Date.now() / 1000 + 5) * 1000);
}

function keyPair(namedCurve = 'P-256'): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve });
}

function base64(view: ArrayBufferView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('base64');
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** A statement about a manifest. */
export function statementAbout(digest: string, predicateType: string, predicate: object = {}): object {
  const [algorithm = '', hex = ''] = digest.split(':');
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'image', digest: { [algorithm]: hex } }],
    predicateType,
    predicate,
  };
}

/** The payload that cosign signs. */
export function cosignPayload(digest: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': 'registry.example/app' },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }),
  );
}
