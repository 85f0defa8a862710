import { homedir } from 'node:os';
import { join } from 'node:path';
import { asString, isObject, type JsonObject } from '../../oci/json.ts';
import { askCredentialHelper } from './credentialHelper.ts';
import type { Credential, CredentialSource } from './credentials.ts';
import { credentialOf, helperServers, keysFor, normalizeKey, readAuthFile } from './authEntries.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Accounts of one file in Docker's or podman's form, which are nearly the same: `credHelpers`, then `credsStore`, then `auths`. It is read anew each
 * time, for other tools write it.
 */
export class AuthFile implements CredentialSource {
  readonly name: string;
  readonly #file: string;
  readonly #environment: Environment;

  /** @param environment for the PATH on which helpers are looked for */
  constructor(file: string, environment: Environment) {
    this.name = file;
    this.#file = file;
    this.#environment = environment;
  }

  /** @throws {AuthFileError} @throws {CredentialHelperError} */
  async find(registry: string, repository: string | undefined, signal: AbortSignal): Promise<Credential | undefined> {
    const config = await readAuthFile(this.#file);
    if (!config) return undefined;
    const helper = lookUp(config.credHelpers, [registry]);
    if (typeof helper === 'string' && helper !== '') return this.#ask(helper, registry, signal);
    const store = asString(config.credsStore);
    let failure: unknown;
    if (store !== undefined) {
      try {
        const found = await this.#ask(store, registry, signal);
        if (found) return found;
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
    }
    const found = fromAuths(config, registry, repository);
    if (!found && failure !== undefined) throw failure;
    return found;
  }

  async #ask(helper: string, registry: string, signal: AbortSignal): Promise<Credential | undefined> {
    for (const server of helperServers(registry)) {
      const found = await askCredentialHelper(helper, server, this.#environment, signal);
      if (found) return found;
    }
    return undefined;
  }
}

/** Docker's own file: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. */
export function dockerAuthFile(environment: Environment, home = homedir()): AuthFile {
  return new AuthFile(join(environment.DOCKER_CONFIG || join(home, '.docker'), 'config.json'), environment);
}

/** Podman's, buildah's and skopeo's files, in their order: `$REGISTRY_AUTH_FILE` alone if set, else the runtime folder's, else the configuration's. */
export function podmanAuthFiles(environment: Environment, home = homedir()): readonly AuthFile[] {
  const named = environment.REGISTRY_AUTH_FILE;
  if (named) return [new AuthFile(named, environment)];
  const runtime = environment.XDG_RUNTIME_DIR;
  const config = environment.XDG_CONFIG_HOME || join(home, '.config');
  const folders = runtime ? [runtime, config] : [config];
  return folders.map(folder => new AuthFile(join(folder, 'containers', 'auth.json'), environment));
}

function fromAuths(config: JsonObject, registry: string, repository: string | undefined): Credential | undefined {
  return credentialOf(lookUp(config.auths, keysFor(registry, repository)));
}

/** The entry under the first of the keys that the object has, however its own keys are written. */
function lookUp(entries: unknown, keys: readonly string[]): unknown {
  if (!isObject(entries)) return undefined;
  const normalized = new Map(Object.entries(entries).map(([key, value]) => [normalizeKey(key), value]));
  const found = keys.find(key => normalized.has(key.toLowerCase()) || normalized.has(key));
  return found === undefined ? undefined : (normalized.get(found) ?? normalized.get(found.toLowerCase()));
}
