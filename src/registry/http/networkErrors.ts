import { MismatchError } from '../../oci/mismatchErrors.ts';
import { PrivateAddressError } from './addresses.ts';
import type { Proxy } from './transportOptions.ts';
import {
  ClientCertificateNeededError,
  ConnectionLostError,
  ConnectionRefusedError,
  ProxyError,
  RedirectRefusedError,
  RegistryError,
  TimeoutError,
  TlsError,
  UnknownHostError,
  type Where,
} from '../errors.ts';

/**
 * Turns what a socket, the resolver or undici threw into a failure that says what happened. Returns
 * Peel's own failures and aborts as they are.
 * @param proxy the one that the request was sent through
 */
export function networkError(error: unknown, where: Where, proxy?: Proxy): unknown {
  if (error instanceof RegistryError || error instanceof MismatchError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  const refused = findCause(error, PrivateAddressError);
  if (refused) return new RedirectRefusedError(`${refused.message}, while the registry is not`, where);
  if (proxy && UNREACHED.test(code))
    return new ProxyError(`${new URL(proxy.url).host} can't be reached (${code})`, where, proxy.setting, error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new UnknownHostError(where, error);
  if (code === 'ECONNREFUSED') return new ConnectionRefusedError(where, error);
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return new TimeoutError('connect', where, error);
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return new TimeoutError('firstByte', where, error);
  if (code === 'UND_ERR_BODY_TIMEOUT') return new TimeoutError('idle', where, error);
  if (CLIENT_CERTIFICATE.test(code)) return new ClientCertificateNeededError(code, where, error);
  if (code !== 'UND_ERR_PRX_TLS' && isTlsTrouble(error, code))
    return new TlsError(tlsReason(error, code), tlsAdvice(error, code), where, error);
  if (proxy && isProxyTrouble(error, code)) return new ProxyError(proxyDetail(error), where, proxy.setting, error);
  if (LOST.test(code) || error.name === 'HTTPParserError')
    return new ConnectionLostError(code || 'no HTTP', where, error, hintFor(code, where));
  return error;
}

/** Returns whether the same request may succeed the next time. */
export function isRetryableError(error: unknown): boolean {
  if (error instanceof ProxyError && error.cause instanceof Error)
    return /^(?:EAI_AGAIN|.*TIME(?:D)?_?OUT)$/.test(codeOf(error.cause));
  if (error instanceof ConnectionLostError || error instanceof TimeoutError) return true;
  return error instanceof UnknownHostError && error.cause instanceof Error && codeOf(error.cause) === 'EAI_AGAIN';
}

/** Failures to connect. With a proxy, they are the proxy's: every connection goes to it. */
const UNREACHED =
  /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/;

const LOST =
  /^(?:ECONNRESET|ECONNABORTED|EPIPE|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL|UND_ERR_SOCKET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|UND_ERR_HEADERS_OVERFLOW|HPE_.*|UND_ERR_INFO|UND_ERR_DESTROYED)$/;

/**
 * A server's alerts about certificates concern the client's (RFC 8446, 6.2); "handshake failure"
 * has other causes too.
 */
const CLIENT_CERTIFICATE =
  /^ERR_SSL_.*_ALERT_(?:CERTIFICATE_(?:REQUIRED|EXPIRED|REVOKED|UNKNOWN)|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA)$/;

/** A server that just hangs up may have wanted a client certificate. */
function hintFor(code: string, { url }: Where): string {
  if (code !== 'UND_ERR_SOCKET' || !url?.startsWith('https:')) return '';
  return "; if it asks for a client certificate, put one into certs.d or the registry's settings";
}

function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) {
    const inner: unknown = error.errors[0];
    if (inner instanceof Error) return codeOf(inner);
  }
  return '';
}

function findCause<T>(error: Error, type: new (...parameters: never[]) => T): T | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    if (current instanceof type) return current;
    current = current.cause;
  }
  return undefined;
}

function isProxyTrouble(error: Error, code: string): boolean {
  return (
    code === 'UND_ERR_PRX_TLS' ||
    code === 'UND_ERR_PROXY_CONNECTION' ||
    /proxy/i.test(error.message) ||
    /SOCKS/.test(code)
  );
}

/** Returns undici's message without what may be secret in it. */
function proxyDetail(error: Error): string {
  if (/\b407\b/.test(error.message)) return 'it wants a user name and password, or other ones (407)';
  return error.message.replaceAll(/\/\/[^\s/@]*@/g, '//');
}

function isTlsTrouble(error: Error, code: string): boolean {
  return (
    /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_|CRL_|HOSTNAME_MISMATCH|PATH_LENGTH_|EPROTO)/.test(
      code,
    ) || /before secure TLS connection/.test(error.message)
  );
}

function tlsReason(error: Error, code: string): string {
  const detail = /SSL alert number \d+|wrong version number|alert [a-z ]+/.exec(error.message)?.[0];
  return [code, detail].filter(Boolean).join(', ') || 'handshake failed';
}

function tlsAdvice(error: Error, code: string): string {
  if (/^(?:DEPTH_ZERO_)?SELF_SIGNED|^UNABLE_TO_/.test(code))
    return 'its certificate is from an unknown authority; add that authority\'s certificate to the registry\'s settings ("ca") or to certs.d';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired; its owner must renew it';
  if (code === 'CERT_NOT_YET_VALID') return "its certificate is not valid yet; check this machine's clock";
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another name; check the address';
  if (/wrong version number|packet length too long|http request/i.test(`${code} ${error.message}`))
    return 'it speaks no TLS there; if it is a plain HTTP registry, give it an http:// address and mark it as insecure';
  if (/handshake failure|alert number 40/.test(error.message))
    return "it asks for a client certificate; put one into certs.d or the registry's settings";
  return 'the handshake failed; check the address, the proxy and the certificate settings';
}
