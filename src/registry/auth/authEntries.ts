import { readFile } from 'node:fs/promises';
import { asString, isObject, type JsonObject } from '../../oci/json.ts';
import { DOCKER_HUB } from '../../oci/reference.ts';
import type { Credential } from './credentials.ts';

/** An account file can't be used. The message contains nothing of its content. */
export class AuthFileError extends Error {
  readonly file: string;
  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(`${file} ${reason}`, options);
    this.name = 'AuthFileError';
    this.file = file;
  }
}

/** Docker Hub's name in account files and helpers. */
export const HUB_KEY = 'https://index.docker.io/v1/';

/**
 * Reads an account file; undefined if it doesn't exist.
 * @throws {AuthFileError} it can't be read, or isn't a JSON object
 */
export async function readAuthFile(file: string): Promise<JsonObject | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new AuthFileError(file, `cannot be read (${code})`);
  }
  if (text.trim() === '') return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // The parser's own message quotes the content.
    throw new AuthFileError(file, 'is not valid JSON');
  }
  if (!isObject(json)) throw new AuthFileError(file, 'is not a JSON object');
  return json;
}

/**
 * Returns the account of an `auths` entry: `auth` (base64 of `user:password`), or `username` and
 * `password`, `identitytoken` or `registrytoken`. Returns undefined for `{}`, which stands for an
 * account in a helper.
 */
export function credentialOf(entry: unknown): Credential | undefined {
  if (!isObject(entry)) return undefined;
  const identityToken = asString(entry.identitytoken);
  if (identityToken !== undefined) return { identityToken };
  const registryToken = asString(entry.registrytoken);
  if (registryToken !== undefined) return { registryToken };
  const [username, password] = splitAuth(asString(entry.auth)) ?? [asString(entry.username), asString(entry.password)];
  return username === undefined || password === undefined ? undefined : { username, password };
}

function splitAuth(auth: string | undefined): [string, string] | undefined {
  if (auth === undefined) return undefined;
  const pair = Buffer.from(auth, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  // Old Docker versions padded the password with NULs.
  return colon < 0 ? undefined : [pair.slice(0, colon), pair.slice(colon + 1).replace(/\0+$/, '')];
}

/**
 * Returns a key without scheme, `/v1` or `/v2`, and with its host in Peel's form:
 * `https://index.docker.io/v1/` -> `docker.io`.
 */
function normalizeKey(key: string): string {
  const bare = key
    .replace(/^https?:\/\//i, '')
    .replace(/\/+$/, '')
    .replace(/\/v[12]$/, '');
  const slash = bare.indexOf('/');
  const host = (slash < 0 ? bare : bare.slice(0, slash)).toLowerCase();
  const known = host === 'index.docker.io' || host === 'registry-1.docker.io' ? DOCKER_HUB : host;
  return slash < 0 ? known : `${known}${bare.slice(slash)}`;
}

/**
 * Returns the entries that may be for a repository, best first: `host/ns/repo`, `host/ns`, `host`
 * (containers-auth.json(5)). Of several spellings of one key, the exact one comes first, and
 * `docker.io` before `index.docker.io`.
 */
export function entriesFor(entries: unknown, registry: string, repository: string | undefined): unknown[] {
  if (!isObject(entries)) return [];
  const parts = (repository ?? '').split('/').filter(Boolean);
  const paths = parts.map((_part, at) => `${registry}/${parts.slice(0, parts.length - at).join('/')}`);
  return [...paths, registry].flatMap(key => {
    const wanted = normalizeKey(key);
    const rank = (written: string): number => (written === key ? 0 : /index\.docker\.io/i.test(written) ? 2 : 1);
    return Object.entries(entries)
      .filter(([written]) => normalizeKey(written) === wanted)
      .sort(([one], [other]) => rank(one) - rank(other))
      .map(([, entry]) => entry);
  });
}

/** Returns the names by which credential helpers know a registry. */
export function helperServers(registry: string): readonly string[] {
  return registry === DOCKER_HUB ? [HUB_KEY] : [registry, `https://${registry}`];
}
