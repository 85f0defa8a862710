/** For whom an `Authorization` header is wanted. Plain data. */
export interface AuthorizationRequest {
  /** The registry's or the mirror's name; accounts are looked up by it. */
  readonly registry: string;
  /** The endpoint's address, against which a relative realm is resolved and by whose place a realm is judged. */
  readonly url: string;
  /** Space-separated, e.g. `repository:library/busybox:pull`, `registry:catalog:*`; empty for the API's root. */
  readonly scope: string;
  /** When refused: the answer's status. 403 and 404 are of registries that may hide what an account would be shown. */
  readonly status?: number;
  readonly insecure?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Gives the `Authorization` headers that requests need; whoever asks sees no account. All arguments and results but the signal can be cloned,
 * for a worker thread asks through a message port.
 */
export interface Authorizer {
  /** The header to send from the start, where one is known to be needed; undefined = try without. */
  authorization(request: AuthorizationRequest, signal: AbortSignal): Promise<string | undefined>;
  /**
   * The header to try next after a refusal; undefined = there is nothing more to try.
   * @param challenges the `WWW-Authenticate` lines of the answer, none if it had none
   * @param used the header that was refused
   */
  challenged(
    request: AuthorizationRequest,
    challenges: readonly string[],
    used: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined>;
}

/** For registries that are to be asked without any account. */
export const anonymousAuthorizer: Authorizer = {
  authorization: () => Promise.resolve(undefined),
  challenged: () => Promise.resolve(undefined),
};
