import { fileURLToPath } from 'node:url';
import { isObject, type JsonObject } from '../../oci/json.ts';
import { formatReference } from '../../oci/reference.ts';
import { parseFileUri, type FileUriParts } from './fileLocation.ts';
import { SCHEMES } from './ids.ts';

/** What any command of Peel may be given: by a tree node, a keybinding, a task, a test or another extension. All fields are optional here; what is missing, the command asks for. */
export interface CommandArgument {
  readonly reference?: string;
  readonly platform?: string;
  /** A layer's number (1 = base) or digest. */
  readonly layer?: number | string;
  readonly path?: string;
  /** A pulled image's folder, or where to put one; an absolute path. */
  readonly folder?: string;
  /** A registry: its name as references write it, its label, or its address. */
  readonly registry?: string;
  /** A repository with its registry, as references write it. */
  readonly repository?: string;
  readonly digest?: string;
  /** Where to write; an absolute path. */
  readonly target?: string;
  /** What an image is exported as; see `EXPORT_FORMATS`. */
  readonly format?: string;
  readonly url?: string;
  readonly name?: string;
  readonly insecure?: boolean;
  readonly mirrors?: readonly string[];
  /** A file with CA certificates in PEM. */
  readonly ca?: string;
  /** The files of a client certificate and its key in PEM. */
  readonly cert?: string;
  readonly key?: string;
  /** What is compared; each as an argument by itself. */
  readonly left?: CommandArgument;
  readonly right?: CommandArgument;
  readonly username?: string;
  readonly password?: string;
  /** What to search for; a regular expression where `isRegex`. */
  readonly query?: string;
  readonly isRegex?: boolean;
  readonly matchCase?: boolean;
  readonly wholeWord?: boolean;
  /** Names, folders or patterns of files, with commas between them. */
  readonly include?: string;
  readonly exclude?: string;
  readonly maxResults?: number;
}

/** The first argument was no node, no Uri and no object with the fields of the command contract. */
export class InvalidArgumentError extends Error {
  readonly field: string;
  constructor(field: string, expected: string) {
    super(`The command's argument has a wrong "${field}": expected ${expected}.`);
    this.name = 'InvalidArgumentError';
    this.field = field;
  }
}

const TEXT_FIELDS = [
  'reference',
  'platform',
  'path',
  'registry',
  'repository',
  'digest',
  'format',
  'url',
  'name',
  'username',
  'password',
  'query',
  'include',
  'exclude',
] as const;
const FLAGS = ['insecure', 'isRegex', 'matchCase', 'wholeWord'] as const;
/** Fields that may also be a `vscode.Uri` of scheme `file`. */
const PATH_FIELDS = ['folder', 'target', 'ca', 'cert', 'key'] as const;

/**
 * Turns what VS Code hands to a command into the one shape that commands read: a tree node gives its `argument`, a Uri (of the Explorer or an editor) is a folder or, of our own
 * scheme, a file of an image, a text is a reference, an object is taken field by field. @throws {InvalidArgumentError} @throws {InvalidFileUriError}
 */
export function argumentOf(given: unknown): CommandArgument {
  if (given === undefined || given === null) return {};
  if (typeof given === 'string') return { reference: given };
  if (!isObject(given)) throw new InvalidArgumentError('argument', 'an object, or nothing');
  if (isUri(given)) return given.scheme === SCHEMES.files ? fileOf(given) : { folder: given.fsPath };
  if (isNode(given)) return given.argument;
  return checked(given);
}

/** True when a person started the command (palette, menu, tree): then Peel tells them of a failure, and the caller need not. */
export function cameFromPerson(given: unknown): boolean {
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
  const { reference, ...place } = parseFileUri(uri);
  return { reference: formatReference(reference), ...place };
}

function isUri(given: unknown): given is FileUriParts & { readonly fsPath: string } {
  if (typeof given !== 'object' || given === null) return false;
  const { scheme, fsPath } = given as { scheme?: unknown; fsPath?: unknown };
  return typeof scheme === 'string' && typeof fsPath === 'string';
}

function checked(given: JsonObject): CommandArgument {
  const result: Record<string, unknown> = {};
  for (const field of TEXT_FIELDS) {
    if (given[field] !== undefined) result[field] = text(field, given[field]);
  }
  for (const field of PATH_FIELDS) {
    if (given[field] !== undefined) result[field] = path(field, given[field]);
  }
  for (const field of ['left', 'right'] as const) {
    const side = given[field];
    if (side === undefined) continue;
    if (!isObject(side)) throw new InvalidArgumentError(field, 'an object with a reference');
    result[field] = checked(side);
  }
  for (const field of FLAGS) {
    if (given[field] !== undefined) result[field] = flag(field, given[field]);
  }
  const { layer, mirrors, maxResults } = given;
  if (layer !== undefined) {
    const valid = typeof layer === 'string' ? layer !== '' : Number.isInteger(layer) && Number(layer) > 0;
    if (!valid) throw new InvalidArgumentError('layer', "a layer's number (1 is the base) or digest");
    result['layer'] = layer;
  }
  if (maxResults !== undefined) {
    const valid = Number.isInteger(maxResults) && Number(maxResults) > 0;
    if (!valid) throw new InvalidArgumentError('maxResults', 'a whole number above 0');
    result['maxResults'] = maxResults;
  }
  if (mirrors !== undefined) {
    if (!Array.isArray(mirrors)) throw new InvalidArgumentError('mirrors', 'a list of addresses');
    result['mirrors'] = mirrors.map((mirror: unknown) => text('mirrors', mirror));
  }
  return result;
}

function text(field: string, value: unknown): string {
  if (typeof value !== 'string') throw new InvalidArgumentError(field, 'a text');
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

/** A Uri as a text, as `Uri.toString()` writes it. */
function pathOfUri(field: string, uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch {
    throw new InvalidArgumentError(field, 'a path on this machine, or the Uri of one');
  }
}
