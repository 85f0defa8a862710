import { utf8Header } from './headers.ts';
import { RedirectRefusedError } from '../errors.ts';

/** The most redirects followed for one request; storage services need one or two. */
export const MOST_REDIRECTS = 10;

/** Returns whether a status sends a GET elsewhere. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * Returns the address that a redirect names, if it passes {@link checkTarget}.
 * @throws {RedirectRefusedError}
 */
export function redirectTarget(from: URL, location: string, registry: string): URL {
  const text = utf8Header(location);
  const target = URL.canParse(text, from.href) ? new URL(text, from) : undefined;
  if (target === undefined) throw new RedirectRefusedError('it is not a valid address', { registry });
  checkTarget(from, target, registry);
  target.hash = '';
  return target;
}

/**
 * Checks an address that an answer leads to: HTTP(S) only, no step from HTTPS down to HTTP, no user
 * and password in it.
 * @throws {RedirectRefusedError}
 */
export function checkTarget(from: URL, target: URL, registry: string): void {
  const where = { registry, url: target.href };
  if (target.protocol !== 'https:' && target.protocol !== 'http:')
    throw new RedirectRefusedError('it is neither HTTP nor HTTPS', where);
  if (from.protocol === 'https:' && target.protocol === 'http:')
    throw new RedirectRefusedError('it leads from HTTPS to HTTP', where);
  if (target.username !== '' || target.password !== '')
    throw new RedirectRefusedError('it contains a user name or password', where);
}

/**
 * Returns whether secrets for `from` may be sent to `to`: to the same origin, or the same host with
 * encryption added on the usual ports.
 */
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
