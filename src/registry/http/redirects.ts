import { RedirectRefusedError } from '../errors.ts';

/** Redirects of one request that are followed; storage services need one or two. */
export const MOST_REDIRECTS = 10;

/** True for the statuses that send a GET elsewhere. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * The address that a redirect names, checked: HTTP(S), no step from HTTPS back to HTTP, no user and password in it.
 * @throws {RedirectRefusedError}
 */
export function redirectTarget(from: URL, location: string, registry: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (target === undefined) throw new RedirectRefusedError('it is no valid address', { registry });
  checkTarget(from, target, registry);
  target.hash = '';
  return target;
}

/** The rules that hold for every address which an answer leads to. @throws {RedirectRefusedError} */
export function checkTarget(from: URL, target: URL, registry: string): void {
  const where = { registry, url: target.href };
  if (target.protocol !== 'https:' && target.protocol !== 'http:')
    throw new RedirectRefusedError('only HTTP and HTTPS are spoken', where);
  if (from.protocol === 'https:' && target.protocol === 'http:')
    throw new RedirectRefusedError('it would leave encryption', where);
  if (target.username !== '' || target.password !== '')
    throw new RedirectRefusedError('it holds a user name or password', where);
}

/** Whether what is secret for `from` may be sent to `to`: the same origin, or the same host with encryption added on the usual ports. */
export function keepsSecrets(from: URL, to: URL): boolean {
  if (from.origin === to.origin) return true;
  return (
    from.protocol === 'http:' &&
    to.protocol === 'https:' &&
    from.hostname === to.hostname &&
    from.port === '' &&
    to.port === ''
  );
}
