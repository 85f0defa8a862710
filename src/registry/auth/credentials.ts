/** Proof of an account. */
export type Credential =
  | { readonly username: string; readonly password: string }
  /** Exchanged for tokens at the token server (OAuth 2 refresh token). */
  | { readonly identityToken: string }
  /** Sent to the registry as is. */
  | { readonly registryToken: string };

/** A place where accounts are stored: the editor's secrets, Docker's or podman's configuration. */
export interface CredentialSource {
  /** For messages, such as `~/.docker/config.json`. */
  readonly name: string;
  /**
   * Returns the account for a registry, or for one repository in it; undefined if this source has
   * none.
   * @param registry the domain as references write it; Docker Hub is `docker.io`
   */
  find(registry: string, repository: string | undefined, signal: AbortSignal): Promise<Credential | undefined>;
}

/** Returns the `Authorization` value of RFC 7617, in UTF-8. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
