import {
  AccountRefusedError,
  ClientCertificateNeededError,
  ConnectionLostError,
  ConnectionRefusedError,
  ForbiddenError,
  HtmlInsteadError,
  InsecureRefusedError,
  NoCatalogError,
  NotFoundError,
  ProxyError,
  RateLimitedError,
  ServerError,
  TimeoutError,
  TlsError,
  UnauthorizedError,
  UnknownHostError,
} from '../../registry/errors.ts';

type ErrorClass = abstract new (...parameters: never[]) => Error;

const LABELS: readonly (readonly [ErrorClass, string])[] = [
  [UnauthorizedError, 'Sign-in required'],
  [AccountRefusedError, 'Sign-in failed'],
  [ForbiddenError, 'Access denied'],
  [TlsError, 'Connection not secure'],
  [InsecureRefusedError, 'Unencrypted HTTP not allowed'],
  [ClientCertificateNeededError, 'Client certificate required'],
  [ConnectionRefusedError, 'Connection refused'],
  [ConnectionLostError, 'Connection lost'],
  [UnknownHostError, 'Host not found'],
  [TimeoutError, 'Timed out'],
  [ProxyError, 'Proxy error'],
  [HtmlInsteadError, 'Not a registry'],
  [RateLimitedError, 'Rate limit reached'],
  [NoCatalogError, 'No list of repositories'],
  [NotFoundError, 'Not found'],
];

/**
 * Names a failure in a few words, because a sidebar is narrow; `undefined` if only the message
 * says what happened.
 */
export function failureLabel(error: unknown): string | undefined {
  if (error instanceof ServerError) return `Error ${error.status}`;
  return LABELS.find(([type]) => error instanceof type)?.[1];
}
