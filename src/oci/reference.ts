import type { Digest } from './digest.ts';
import { isDigest } from './digest.ts';
import { unwrapPasted } from './pastedReference.ts';

/** An image's registry, repository and version (distribution/reference's grammar, normalised). */
export interface Reference {
  /** The registry's domain and port, such as `docker.io`, `127.0.0.1:5000` or `[::1]:5000`. */
  readonly registry: string;
  /** The repository's path, such as `library/busybox`. */
  readonly repository: string;
  /** `latest` if neither tag nor digest was given. */
  readonly tag?: string;
  /** Wins over the tag, which is then only displayed. */
  readonly digest?: Digest;
}

/** The string isn't an image reference; `reason` says which part is wrong. */
export class InvalidReferenceError extends Error {
  readonly text: string;
  readonly reason: string;
  constructor(text: string, reason: string) {
    super(
      `"${text.slice(0, 200)}" isn't an image reference: ${reason}. Write it like busybox, ghcr.io/owner/name:1.2 or localhost:5000/name@sha256:…`,
    );
    this.name = 'InvalidReferenceError';
    this.text = text;
    this.reason = reason;
  }
}

/** Docker Hub's name in references; its API is at `registry-1.docker.io`. */
export const DOCKER_HUB = 'docker.io';

const HUB_ALIASES: ReadonlySet<string> = new Set([
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
  'hub.docker.com',
]);
const DOMAIN =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const LONGEST_PATH = 255;
const LONGEST_TEXT = 4096;

/** Returns whether registries accept `text` as a tag. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Returns whether `text` may be a repository's path. */
export function isRepository(text: string): boolean {
  return (
    text.length > 0 && text.length <= LONGEST_PATH && text.split('/').every(component => COMPONENT.test(component))
  );
}

/**
 * Reads what users type or paste: a reference in any short form, `docker pull …`, `docker://…`, the
 * URL of a registry, or a Docker Hub page.
 * @throws {InvalidReferenceError}
 */
export function parseReference(text: string): Reference {
  if (text.length > LONGEST_TEXT) throw new InvalidReferenceError(text, 'it is too long');
  return parsePlain(text, unwrapPasted(text));
}

/**
 * Reads a reference that was found in a file rather than typed: only the grammar's forms, with
 * nothing around them. @throws {InvalidReferenceError}
 */
export function parseWrittenReference(text: string): Reference {
  if (text.length > LONGEST_TEXT) throw new InvalidReferenceError(text, 'it is too long');
  return parsePlain(text, text);
}

function parsePlain(text: string, plain: string): Reference {
  if (plain === '') throw new InvalidReferenceError(text, 'it is empty');
  const { name, tag, digest } = splitVersion(text, plain);
  const { registry, repository } = splitName(text, name);
  if (tag !== undefined && !isTag(tag)) {
    throw new InvalidReferenceError(
      text,
      `"${tag.slice(0, 140)}" isn't a tag (letters, digits, "_", "." and "-", at most 128, not starting with "." or "-")`,
    );
  }
  if (digest === undefined) return { registry, repository, tag: tag ?? 'latest' };
  return tag === undefined ? { registry, repository, digest } : { registry, repository, tag, digest };
}

/** Returns the full form, which {@link parseReference} reads back. */
export function formatReference(reference: Reference): string {
  return `${reference.registry}/${reference.repository}${version(reference.tag, reference.digest)}`;
}

/**
 * Returns the short form for display: without Docker Hub's domain and `library/`, with twelve
 * digits of a digest.
 */
export function familiarName(reference: Reference): string {
  const { tag, digest } = reference;
  return `${familiarRepository(reference)}${version(tag, digest && digest.slice(0, digest.indexOf(':') + 13))}`;
}

/** Returns the short form of the repository alone. */
export function familiarRepository(reference: Pick<Reference, 'registry' | 'repository'>): string {
  if (reference.registry !== DOCKER_HUB) return `${reference.registry}/${reference.repository}`;
  return reference.repository.startsWith('library/')
    ? reference.repository.slice('library/'.length)
    : reference.repository;
}

/** Returns the digest, or else the tag: what to ask the registry for. */
export function wantedVersion(reference: Reference): string {
  return reference.digest ?? reference.tag ?? 'latest';
}

function version(tag: string | undefined, digest: string | undefined): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function splitVersion(text: string, plain: string): { name: string; tag?: string; digest?: Digest } {
  const at = plain.indexOf('@');
  const digest = at < 0 ? undefined : plain.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    throw new InvalidReferenceError(
      text,
      `"${digest.slice(0, 140)}" isn't a digest (sha256: and 64 lower-case hex digits, or sha512: and 128)`,
    );
  }
  const rest = at < 0 ? plain : plain.slice(0, at);
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  // The colons of a lone "[::1]" don't start a tag; it fails as a path, with the right message.
  const tagged = colon >= 0 && !rest.slice(rest.lastIndexOf('/') + 1).startsWith('[');
  return {
    name: tagged ? rest.slice(0, colon) : rest,
    ...(tagged ? { tag: rest.slice(colon + 1) } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

function splitName(text: string, name: string): { registry: string; repository: string } {
  if (/^[0-9a-f]{64}$/.test(name)) {
    throw new InvalidReferenceError(
      text,
      'it is an image ID, which registries don\'t know; name the repository, then "@sha256:" and the digest',
    );
  }
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hosted = first === 'localhost' || /[.:A-Z]/.test(first);
  const domain = hosted ? canonicalDomain(first) : DOCKER_HUB;
  if (!DOMAIN.test(domain)) throw new InvalidReferenceError(text, `"${first}" isn't a host name with an optional port`);
  const path = repositoryPath(domain, hosted ? name.slice(slash + 1) : name);
  checkPath(text, path);
  const repository = domain === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
  if (repository.length > LONGEST_PATH)
    throw new InvalidReferenceError(text, `the repository's name is longer than ${LONGEST_PATH} characters`);
  return { registry: domain, repository };
}

function checkPath(text: string, path: string): void {
  if (path === '') throw new InvalidReferenceError(text, 'the repository is missing');
  for (const component of path.split('/')) {
    if (COMPONENT.test(component)) continue;
    if (component === '')
      throw new InvalidReferenceError(text, 'a part of the repository\'s name is empty ("//" or a "/" at the end)');
    const lower = component.toLowerCase();
    if (COMPONENT.test(lower))
      throw new InvalidReferenceError(
        text,
        `a repository's name must be lower case: "${lower}" instead of "${component}"`,
      );
    throw new InvalidReferenceError(
      text,
      `"${component.slice(0, 140)}" can't be part of a repository's name (lower-case letters and digits, separated by ".", "_", "__" or "-")`,
    );
  }
}

/**
 * Case doesn't matter in a dotted name. In a single word it does: only its capital makes `Foo` in
 * `Foo/bar` a host.
 */
function canonicalDomain(domain: string): string {
  const known = /[.:]/.test(domain) ? domain.toLowerCase() : domain;
  return HUB_ALIASES.has(known) ? DOCKER_HUB : known;
}

/** GitHub displays owners with capitals, which its registry doesn't accept. */
function repositoryPath(domain: string, path: string): string {
  return domain === 'ghcr.io' ? path.toLowerCase() : path;
}
