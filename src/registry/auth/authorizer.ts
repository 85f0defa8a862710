/** What an `Authorization` header is wanted for. Plain data. */
export interface AuthorizationRequest {
  /** The registry's or mirror's name, under which accounts are looked up. */
  readonly registry: string;
  /**
   * The endpoint's address. Relative realms are resolved against it, and others checked by its
   * zone.
   */
  readonly url: string;
  /**
   * Space-separated, such as `repository:library/busybox:pull` or `registry:catalog:*`; empty for
   * the API's root.
   */
  readonly scope: string;
  /** The refusal's status. Registries may answer 403 or 404 to hide what an account could see. */
  readonly status?: number;
  /** For a mirror, see {@link Endpoint}. */
  readonly mirrorOf?: string;
  readonly insecure?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Provides the `Authorization` headers that requests need, without revealing accounts. Everything
 * but the signal can be cloned, since worker threads ask through a message port.
 */
export interface Authorizer {
  /** Returns the header to send from the start, if one is known to be needed. */
  authorization(request: AuthorizationRequest, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Returns the header to try after a refusal; undefined if nothing is left to try.
   * @param challenges the answer's `WWW-Authenticate` lines
   * @param used the header that was refused
   */
  challenged(
    request: AuthorizationRequest,
    challenges: readonly string[],
    used: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined>;
}
