/** What proves an account to a registry. */
export type Credential =
  | { readonly username: string; readonly password: string }
  /** Exchanged for tokens at the token server (OAuth 2 refresh token). */
  | { readonly identityToken: string }
  /** Sent to the registry as it is. */
  | { readonly registryToken: string };

/** A place where accounts are kept: the editor's secrets, Docker's configuration, podman's. */
export interface CredentialSource {
  /** For messages, e.g. `~/.docker/config.json`. */
  readonly name: string;
  /**
   * The account for a registry, or for one repository in it; undefined when this source has none.
   * @param registry the domain as references write it; Docker Hub is `docker.io`
   */
  find(registry: string, repository: string | undefined, signal: AbortSignal): Promise<Credential | undefined>;
}

/** The `Authorization` value of RFC 7617, in UTF-8. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
