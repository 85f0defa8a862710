import { fileURLToPath } from 'node:url';
import { isObject, type JsonObject } from '../../oci/json.ts';
import { formatReference } from '../../oci/reference.ts';
import { parseFileUri, type FileUriParts } from './fileLocation.ts';
import { SCHEMES } from './ids.ts';

/**
 * Every field that some command takes, from a row, a keybinding, a task or another extension. A
 * command prompts for what it needs and isn't given. Each command names the fields it takes.
 */
export interface CommandArgument {
  readonly reference?: string;
  readonly platform?: string;
  /** A layer's number (1 = base) or digest. */
  readonly layer?: number | string;
  readonly path?: string;
  /** A pulled image's folder, or where to create one; an absolute path. */
  readonly folder?: string;
  /** A registry: its name as references write it, its label, or its address. */
  readonly registry?: string;
  /** A repository with its registry, as references write it. */
  readonly repository?: string;
  /** A namespace, project or other parent of repositories. */
  readonly owner?: string;
  /** Lists digests, sizes and dates, too. */
  readonly details?: boolean;
  readonly digest?: string;
  /** Where to write: an absolute path, or for a copy to a registry the reference. */
  readonly target?: string;
  /** The reference to copy from. */
  readonly source?: string;
  readonly tag?: string;
  /** Whether what is attached to an image is copied with it. */
  readonly referrers?: boolean;
  /** Tags that may be deleted along with the named one. */
  readonly alsoDelete?: readonly string[];
  /** One of `EXPORT_FORMATS`. */
  readonly format?: string;
  readonly url?: string;
  readonly name?: string;
  readonly insecure?: boolean;
  readonly mirrors?: readonly (string | JsonObject)[];
  /** A file with CA certificates in PEM. */
  readonly ca?: string;
  /** The files of a client certificate and its key in PEM; or a signer's public key. */
  readonly cert?: string;
  readonly key?: string;
  /** A signer: the identity in its certificate, and who confirms it. */
  readonly identity?: string;
  readonly issuer?: string;
  /** A file with Sigstore's trust root. */
  readonly trustedRoot?: string;
  /** The two sides of a comparison, each an argument of its own. */
  readonly left?: CommandArgument;
  readonly right?: CommandArgument;
  readonly username?: string;
  readonly password?: string;
  /** The search text, or a regular expression if `isRegex`. */
  readonly query?: string;
  readonly isRegex?: boolean;
  readonly matchCase?: boolean;
  readonly wholeWord?: boolean;
  /** Names, folders or glob patterns, separated by commas. */
  readonly include?: string;
  readonly exclude?: string;
  readonly maxResults?: number;
  readonly comment?: string;
  readonly author?: string;
  /** RFC 3339. */
  readonly created?: string;
  /** What to change in an image's config; checked by the command. */
  readonly config?: JsonObject;
}

/** A command's argument isn't a row, a Uri, a string or an object with the contract's fields. */
export class InvalidArgumentError extends Error {
  readonly field: string;
  constructor(field: string, expected: string) {
    super(`The command's argument has a wrong "${field}": expected ${expected}.`);
    this.name = 'InvalidArgumentError';
    this.field = field;
  }
}

type Parse = (field: string, value: unknown) => unknown;

/** Parses each field: the contract of every command's argument. */
const FIELDS: Readonly<Record<keyof CommandArgument, Parse>> = {
  reference: text,
  platform: text,
  layer: numberOrDigest,
  path: text,
  folder: path,
  registry: text,
  repository: text,
  owner: text,
  details: flag,
  digest: text,
  target: path,
  source: text,
  tag: text,
  referrers: flag,
  alsoDelete: texts,
  format: text,
  url: text,
  name: text,
  insecure: flag,
  mirrors: addresses,
  ca: path,
  cert: path,
  key: path,
  identity: text,
  issuer: text,
  trustedRoot: path,
  left: side,
  right: side,
  username: text,
  password: text,
  query: text,
  isRegex: flag,
  matchCase: flag,
  wholeWord: flag,
  include: text,
  exclude: text,
  maxResults: count,
  comment: text,
  author: text,
  created: text,
  config: object,
};

/**
 * Reads the argument that VS Code hands to a command. A row has its own. A Uri (from the Explorer
 * or an editor) is a folder or, in our own scheme, a file of an image. A string is a reference. An
 * object is read field by field.
 * @param takes the fields to read; others are ignored; absent = every field
 * @throws {InvalidArgumentError} {@link InvalidFileUriError}
 */
export function argumentOf(given: unknown, takes?: readonly (keyof CommandArgument)[]): CommandArgument {
  const fields = fieldsOf(given);
  return Object.fromEntries(
    (takes ?? Object.keys(FIELDS).filter(isField))
      .filter(field => fields[field] !== undefined)
      .map(field => [field, isNode(given) ? fields[field] : FIELDS[field](field, fields[field])]),
  );
}

function isField(name: string): name is keyof CommandArgument {
  return name in FIELDS;
}

function fieldsOf(given: unknown): JsonObject {
  if (given === undefined || given === null) return {};
  if (typeof given === 'string') return { reference: given };
  if (!isObject(given)) throw new InvalidArgumentError('argument', 'an object, or nothing');
  if (isUri(given)) return { ...(given.scheme === SCHEMES.files ? fileOf(given) : { folder: given.fsPath }) };
  return isNode(given) ? { ...given.argument } : given;
}

/** True when a command was started from the UI: Peel then shows a failure itself. */
export function isInteractive(given: unknown): boolean {
  return given === undefined || given === null || isNode(given) || isUri(given);
}

function isNode(given: unknown): given is { readonly argument: CommandArgument } {
  return (
    typeof given === 'object' &&
    given !== null &&
    'argument' in given &&
    typeof given.argument === 'object' &&
    given.argument !== null
  );
}

function fileOf(uri: FileUriParts): CommandArgument {
  const { reference, ...location } = parseFileUri(uri);
  return { reference: formatReference(reference), ...location };
}

function isUri(given: unknown): given is FileUriParts & { readonly fsPath: string } {
  if (typeof given !== 'object' || given === null) return false;
  const { scheme, fsPath } = given as { scheme?: unknown; fsPath?: unknown };
  return typeof scheme === 'string' && typeof fsPath === 'string';
}

function side(field: string, value: unknown): CommandArgument {
  if (!isObject(value)) throw new InvalidArgumentError(field, 'an object with a reference');
  return argumentOf(value);
}

function numberOrDigest(field: string, value: unknown): number | string {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(field, "a layer's number (1 is the base) or digest");
}

function count(field: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(field, 'a whole number above 0');
}

function texts(field: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new InvalidArgumentError(field, 'a list of strings');
  return value.map((entry: unknown) => text(field, entry));
}

function addresses(field: string, value: unknown): readonly (string | JsonObject)[] {
  if (!Array.isArray(value)) throw new InvalidArgumentError(field, 'a list of addresses');
  return value.map((entry: unknown) => (isObject(entry) ? entry : text(field, entry)));
}

function text(field: string, value: unknown): string {
  if (typeof value !== 'string') throw new InvalidArgumentError(field, 'a string');
  return value;
}

function object(field: string, value: unknown): JsonObject {
  if (!isObject(value)) throw new InvalidArgumentError(field, 'an object');
  return value;
}

function flag(field: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new InvalidArgumentError(field, 'true or false');
  return value;
}

function path(field: string, value: unknown): string {
  if (isUri(value)) {
    if (value.scheme !== 'file')
      throw new InvalidArgumentError(field, 'a path on this machine (a Uri of scheme "file")');
    return value.fsPath;
  }
  const given = text(field, value);
  return given.startsWith('file://') ? pathOfUri(field, given) : given;
}

/** A Uri in the form of `Uri.toString()`. */
function pathOfUri(field: string, uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch {
    throw new InvalidArgumentError(field, 'a path on this machine, or the Uri of one');
  }
}
