import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { mirrorUrl, type Certificates, type RegistryConfig } from '../../registry/config.ts';
import { InvalidSettingError } from '../common/errors.ts';
import { SETTINGS } from '../common/ids.ts';
import type { RegistrySetting } from './settings.ts';

/** The folders that Docker and podman use (containers-certs.d(5)), the user's own first. */
export function usualCertificateFolders(home = homedir()): readonly string[] {
  return [join(home, '.config/containers/certs.d'), '/etc/containers/certs.d', '/etc/docker/certs.d'];
}

/**
 * Returns the certificates named by a registry's setting and those in a folder `<host:port>` of the
 * certificate folders: `*.crt` are authorities, `x.cert` and `x.key` the client's. The setting's
 * client certificate wins over a folder's; authorities add up. Mirrors use the folders only.
 * @throws {InvalidSettingError} a file named by the setting can't be read
 */
export async function readCertificates(
  setting: RegistrySetting,
  folders: readonly string[],
): Promise<Certificates & Pick<RegistryConfig, 'mirrorCertificates'>> {
  const mirrors = await Promise.all(
    setting.mirrors.map(async mirror => {
      const { host } = new URL(mirrorUrl(mirror));
      return [host, combined(await readFolders(host, folders))] as const;
    }),
  );
  const known = mirrors.filter(([, certificates]) => Object.keys(certificates).length > 0);
  return {
    ...(await ownCertificates(setting, folders)),
    ...(known.length > 0 ? { mirrorCertificates: Object.fromEntries(known) } : {}),
  };
}

async function ownCertificates(setting: RegistrySetting, folders: readonly string[]): Promise<Certificates> {
  const found = await readFolders(new URL(setting.url).host, folders);
  const [ca, cert, key] = await Promise.all([
    readNamed('ca', setting.ca),
    readNamed('cert', setting.cert),
    readNamed('key', setting.key),
  ]);
  return combined([{ ...(ca === undefined ? {} : { ca }), ...clientPair(cert, key) }, ...found]);
}

/**
 * A certificate and its key, which may share one file. @throws {InvalidSettingError} one without
 * the other
 */
function clientPair(cert: string | undefined, key: string | undefined): Pick<Certificates, 'cert' | 'key'> {
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined) throw new InvalidSettingError(SETTINGS.registries, 'names a "key" without its "cert"');
  if (key !== undefined) return { cert, key };
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(cert)) return { cert, key: cert };
  throw new InvalidSettingError(SETTINGS.registries, 'names a "cert" without its "key"');
}

/** Combines all authorities, and takes the first client certificate. */
function combined(all: readonly Certificates[]): Certificates {
  const authorities = all.map(each => each.ca).filter(text => text !== undefined);
  const client = all.find(each => each.cert !== undefined);
  return {
    ...(authorities.length > 0 ? { ca: authorities.join('\n') } : {}),
    ...(client?.cert !== undefined && client.key !== undefined ? { cert: client.cert, key: client.key } : {}),
  };
}

async function readNamed(field: 'ca' | 'cert' | 'key', path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const file = expandHome(path);
  if (!isAbsolute(file))
    throw new InvalidSettingError(SETTINGS.registries, `names "${path}" as "${field}", which is not an absolute path`);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InvalidSettingError(SETTINGS.registries, `names the file ${path} as "${field}", which can't be read`, {
      cause,
    });
  });
  if (!text.includes('-----BEGIN '))
    throw new InvalidSettingError(
      SETTINGS.registries,
      `names the file ${path} as "${field}", which is not in PEM form`,
    );
  return text;
}

/** The certificates for a host, in the order of the folders. */
function readFolders(host: string, folders: readonly string[]): Promise<readonly Certificates[]> {
  return Promise.all(folders.map(folder => readFolder(join(expandHome(folder), host))));
}

async function readFolder(folder: string): Promise<Certificates> {
  const names = await readdir(folder).catch((): string[] => []);
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const ca = await Promise.all(names.filter(name => name.endsWith('.crt')).map(read));
  const pair = names.find(name => name.endsWith('.cert') && names.includes(name.replace(/\.cert$/, '.key')));
  return {
    ...(ca.length > 0 ? { ca: ca.join('\n') } : {}),
    ...(pair === undefined ? {} : { cert: await read(pair), key: await read(pair.replace(/\.cert$/, '.key')) }),
  };
}

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}
