import { homedir } from 'node:os';
import { join } from 'node:path';
import { asString, type JsonObject } from '../../oci/json.ts';
import { askCredentialHelper } from './credentialHelper.ts';
import type { Credential, CredentialSource } from './credentials.ts';
import { credentialOf, entriesFor, helperServers, readAuthFile } from './authEntries.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The accounts in a file of Docker's or podman's, whose forms are nearly the same: `credHelpers`,
 * then `credsStore`, then `auths`. It is read each time, since other tools write it.
 */
export class AuthFile implements CredentialSource {
  readonly name: string;
  readonly #file: string;
  readonly #environment: Environment;

  /** @param environment has the PATH on which helpers are searched */
  constructor(file: string, environment: Environment) {
    this.name = file;
    this.#file = file;
    this.#environment = environment;
  }

  /** @throws {AuthFileError} @throws {CredentialHelperError} */
  async find(registry: string, repository: string | undefined, signal: AbortSignal): Promise<Credential | undefined> {
    const config = await readAuthFile(this.#file);
    if (!config) return undefined;
    const helper = entriesFor(config.credHelpers, registry, undefined).map(asString).find(Boolean);
    if (helper !== undefined) return this.#ask(helper, registry, signal);
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

/** Returns Docker's file: `$DOCKER_CONFIG/config.json`, or else `~/.docker/config.json`. */
export function dockerAuthFile(environment: Environment, home = homedir()): AuthFile {
  return new AuthFile(join(environment.DOCKER_CONFIG || join(home, '.docker'), 'config.json'), environment);
}

/**
 * Returns the files of podman, buildah and skopeo, in their order: only `$REGISTRY_AUTH_FILE` if
 * set, or else the runtime folder's and the configuration folder's.
 */
export function podmanAuthFiles(environment: Environment, home = homedir()): readonly AuthFile[] {
  const named = environment.REGISTRY_AUTH_FILE;
  if (named) return [new AuthFile(named, environment)];
  const runtime = environment.XDG_RUNTIME_DIR;
  const config = environment.XDG_CONFIG_HOME || join(home, '.config');
  const folders = runtime ? [runtime, config] : [config];
  return folders.map(folder => new AuthFile(join(folder, 'containers', 'auth.json'), environment));
}

/** Returns the first account; a `{}` doesn't hide those after it. */
function fromAuths(config: JsonObject, registry: string, repository: string | undefined): Credential | undefined {
  return entriesFor(config.auths, registry, repository)
    .map(credentialOf)
    .find(account => account !== undefined);
}
