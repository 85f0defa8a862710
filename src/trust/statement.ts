import type { Digest } from '../oci/digest.ts';
import { digestAlgorithm, digestHex } from '../oci/digest.ts';
import { asObjects, asString, asStringMap, isObject, parseJsonObject, type JsonObject } from '../oci/json.ts';

/** The payload type of an envelope with a statement (in-toto attestation, envelope.md). */
const IN_TOTO = 'application/vnd.in-toto+json';
const STATEMENT_TYPES: readonly unknown[] = ['https://in-toto.io/Statement/v0.1', 'https://in-toto.io/Statement/v1'];

/** What an attestation states about its subjects (in-toto attestation, statement.md). */
export interface Statement {
  readonly predicateType: string;
  readonly predicate: JsonObject;
  /** Digests of the subjects. They match by digest alone, never by name. */
  readonly subjects: readonly Digest[];
}

/** The bytes aren't a reliable statement. */
export class UnusableStatementError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'UnusableStatementError';
  }
}

/**
 * Parses a statement.
 * @param payloadType the envelope's, absent for bare statements
 * @throws {UnusableStatementError} not a statement, or with a key that appears twice
 */
export function parseStatement(bytes: Uint8Array, payloadType?: string): Statement {
  if (payloadType !== undefined && payloadType !== IN_TOTO) {
    throw new UnusableStatementError(`The signed content isn't a statement, but ${payloadType.slice(0, 100)}`);
  }
  const json = parseUnambiguous(bytes);
  if (!STATEMENT_TYPES.includes(json._type)) throw new UnusableStatementError('The signed content is not a statement');
  return {
    predicateType: asString(json.predicateType) ?? '',
    predicate: isObject(json.predicate) ? json.predicate : {},
    subjects: asObjects(json.subject).flatMap(({ digest }) =>
      Object.entries(asStringMap(digest)).map(([algorithm, hex]): Digest => `${algorithm}:${hex}`),
    ),
  };
}

/**
 * Parses a JSON object in which no key appears twice, since parsers disagree about which one
 * counts.
 * @throws {UnusableStatementError}
 */
export function parseUnambiguous(bytes: Uint8Array): JsonObject {
  const text = new TextDecoder().decode(bytes);
  const json = parseJsonObject(text);
  if (!json) throw new UnusableStatementError('The signed content is not a JSON object');
  const twice = findDoubledKey(text);
  if (twice !== undefined) {
    throw new UnusableStatementError(`The signed content has the key "${twice.slice(0, 60)}" twice`);
  }
  return json;
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** Returns a key that appears twice in an object of a valid JSON text. */
function findDoubledKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const key = String(JSON.parse(last));
      const keys = open.at(-1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    }
    last = token;
  }
  return undefined;
}

/** Returns which of these manifests a statement is about. */
export function coveredBy({ subjects }: Statement, wanted: readonly Digest[]): Digest | undefined {
  return wanted.find(digest =>
    subjects.some(
      subject => digestAlgorithm(subject) === digestAlgorithm(digest) && digestHex(subject) === digestHex(digest),
    ),
  );
}
