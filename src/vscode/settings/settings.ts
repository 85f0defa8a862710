import { isObject } from '../../oci/json.ts';
import { parseReference } from '../../oci/reference.ts';
import { baseUrl, type Mirror } from '../../registry/config.ts';
import { InvalidSettingError } from '../common/errors.ts';
import { SETTINGS } from '../common/ids.ts';

/** One entry of `peel.registries`, validated. */
export interface RegistrySetting {
  /** The beginning of references; by default the address's host and port. */
  readonly name: string;
  /**
   * The user's name for it, if references can't begin with that, like `Company mirror`. Display
   * only.
   */
  readonly label?: string;
  /** The registry's address with its path prefix, without `/v2` or a trailing slash. */
  readonly url: string;
  /** Accepts plain http and untrusted certificates. */
  readonly insecure: boolean;
  /** Tried in this order before the registry itself. */
  readonly mirrors: readonly Mirror[];
  /** Files in PEM form. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Peel's settings except registries and platform, validated and in the units used elsewhere. */
export interface Settings {
  /** Relative to the workspace folder, or absolute. */
  readonly imagesFolder: string;
  /** Layers pulled at once. */
  readonly concurrency?: number;
  /** Bytes. */
  readonly cacheSize: number;
  readonly dockerConfig: boolean;
  readonly podmanAuth: boolean;
  /** Folders like /etc/docker/certs.d; absent = the usual ones. */
  readonly certificateFolders: readonly string[];
  /** Milliseconds. */
  readonly firstByteTimeout: number;
  readonly idleTimeout: number;
  /** Bytes of one unpacked layer. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly restoreOwnership: boolean;
  readonly nosuidNodev: boolean;
}

/** Returns a setting's value: `WorkspaceConfiguration.get` of the section `peel`. */
export type GetSetting = (key: string) => unknown;

const MEGABYTE = 1024 * 1024;

/**
 * Reads these settings. VS Code itself leaves out the workspace's values of restricted settings if
 * the workspace isn't trusted. @throws {InvalidSettingError}
 */
export function readSettings(get: GetSetting): Settings {
  const concurrency = number(get, SETTINGS.concurrency, 0, 64, 0);
  return {
    imagesFolder: text(get, SETTINGS.imagesFolder) || 'images',
    ...(concurrency === 0 ? {} : { concurrency }),
    cacheSize: number(get, SETTINGS.cacheSize, 0, 1e9, 10_240) * MEGABYTE,
    dockerConfig: boolean(get, SETTINGS.dockerConfig, true),
    podmanAuth: boolean(get, SETTINGS.podmanAuth, true),
    certificateFolders: texts(SETTINGS.certificateFolders, get(SETTINGS.certificateFolders) ?? []),
    firstByteTimeout: number(get, SETTINGS.firstByteTimeout, 1, 3600, 120) * 1000,
    idleTimeout: number(get, SETTINGS.idleTimeout, 1, 3600, 60) * 1000,
    maxBytes: number(get, SETTINGS.maxBytes, 1, 1e9, 102_400) * MEGABYTE,
    maxEntries: number(get, SETTINGS.maxEntries, 1, 1e9, 2_000_000),
    restoreOwnership: boolean(get, SETTINGS.restoreOwnership, false),
    nosuidNodev: boolean(get, SETTINGS.nosuidNodev, true),
  };
}

/**
 * Reads `peel.registries`, apart from the rest so that a mistake there doesn't empty the list.
 * @throws {InvalidSettingError}
 */
export function parseRegistries(value: unknown): readonly RegistrySetting[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new InvalidSettingError(SETTINGS.registries, 'must be a list');
  const seen = new Set<string>();
  return value.map((entry: unknown, index) => {
    const setting = parseRegistry(entry, `${SETTINGS.registries}[${index}]`);
    if (seen.has(setting.name)) throw new InvalidSettingError(SETTINGS.registries, `names "${setting.name}" twice`);
    seen.add(setting.name);
    return setting;
  });
}

/**
 * Parses one entry; a string stands for `{url}`. `key` appears in the error's message. @throws
 * {InvalidSettingError}
 */
export function parseRegistry(value: unknown, key: string = SETTINGS.registries): RegistrySetting {
  const entry = typeof value === 'string' ? { url: value } : value;
  if (!isObject(entry)) throw new InvalidSettingError(key, 'must be an object with a "url"');
  const { url, name, insecure, mirrors, ca, cert, key: clientKey } = entry;
  const unsafe = insecure === true;
  const address = parseAddress(url, key);
  return {
    ...parseName(name, address, key),
    url: address,
    insecure: unsafe,
    mirrors: parseMirrors(mirrors ?? [], `${key}.mirrors`),
    ...(isSet(ca) ? { ca: file('ca', ca, key) } : {}),
    ...(isSet(cert) ? { cert: file('cert', cert, key) } : {}),
    ...(isSet(clientKey) ? { key: file('key', clientKey, key) } : {}),
  };
}

function parseMirrors(value: unknown, key: string): readonly Mirror[] {
  if (!Array.isArray(value)) throw new InvalidSettingError(key, 'must be a list of addresses');
  return value.map((mirror: unknown) => {
    if (!isObject(mirror)) return parseAddress(mirror, key);
    const { url, ns } = mirror;
    if (ns !== undefined && typeof ns !== 'boolean')
      throw new InvalidSettingError(`${key}.ns`, 'must be true or false');
    return { url: parseAddress(url, key), ...(ns === undefined ? {} : { ns }) };
  });
}

/**
 * Turns a registry address as typed into a URL: a bare host gets https, or http if it is this
 * machine; `/v2` and trailing slashes are dropped.
 * @throws {InvalidSettingError}
 */
export function parseAddress(value: unknown, key: string): string {
  if (typeof value !== 'string' || value.trim() === '')
    throw new InvalidSettingError(key, 'needs an address, like "https://registry.example.com"');
  const typed = value.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(typed)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'https' && scheme !== 'http')
    throw new InvalidSettingError(key, `needs an http or https address, not "${scheme}"`);
  if (!URL.canParse(scheme === undefined ? `https://${typed}` : typed))
    throw new InvalidSettingError(key, `has an invalid address: "${withoutUser(typed).slice(0, 200)}"`);
  const { username, password, search, hash } = new URL(scheme === undefined ? `https://${typed}` : typed);
  if (username !== '' || password !== '')
    throw new InvalidSettingError(key, 'must not contain a user name or password; use "Peel: Sign In to Registry…"');
  if (search !== '' || hash !== '') throw new InvalidSettingError(key, 'has an address with "?" or "#"');
  return baseUrl(typed);
}

function withoutUser(address: string): string {
  return address.replace(/\/\/.*@/, '//');
}

/**
 * The given name if references can begin with it. Otherwise the address's host and port, with the
 * given name as a label.
 */
function parseName(value: unknown, address: string, key: string): Pick<RegistrySetting, 'name' | 'label'> {
  const { host } = new URL(address);
  const name = host === 'registry-1.docker.io' || host === 'index.docker.io' ? 'docker.io' : host;
  if (value === undefined) return { name };
  if (typeof value !== 'string') throw new InvalidSettingError(`${key}.name`, 'must be a string');
  const given = value.trim();
  if (isRegistryName(given)) return { name: given };
  return given === '' ? { name } : { name, label: given };
}

/** True if references may begin with it. */
function isRegistryName(name: string): boolean {
  try {
    return parseReference(`${name}/x`).registry === name;
  } catch {
    return false;
  }
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== '';
}

function file(field: string, value: unknown, key: string): string {
  if (typeof value !== 'string') throw new InvalidSettingError(`${key}.${field}`, 'must be the path of a file');
  return value;
}

function text(get: GetSetting, key: string): string {
  const value = get(key) ?? '';
  if (typeof value !== 'string') throw new InvalidSettingError(key, 'must be a string');
  return value.trim();
}

function texts(key: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every(item => typeof item === 'string'))
    throw new InvalidSettingError(key, 'must be a list of strings');
  return value;
}

function boolean(get: GetSetting, key: string, standard: boolean): boolean {
  const value = get(key) ?? standard;
  if (typeof value !== 'boolean') throw new InvalidSettingError(key, 'must be true or false');
  return value;
}

function number(get: GetSetting, key: string, least: number, most: number, standard: number): number {
  const value = get(key) ?? standard;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new InvalidSettingError(key, `must be a whole number from ${least} to ${most}`);
  }
  return value;
}
