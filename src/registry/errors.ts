import { redactUrl } from './redact.ts';

/** Which registry, repository and address a failure is about; all fit to be shown and logged. */
export interface Where {
  readonly registry: string;
  readonly repository?: string | undefined;
  /** May hold secrets here; the error keeps only its harmless part. */
  readonly url?: string | undefined;
}

/** What every failure of the registry room has: where it happened, without secrets. */
export class RegistryError extends Error {
  readonly registry: string;
  readonly repository: string | undefined;
  /** Without user, password and query, in which storage services keep signatures. */
  readonly url: string | undefined;
  constructor(name: string, message: string, where: Where, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = name;
    this.registry = where.registry;
    this.repository = where.repository;
    this.url = where.url === undefined ? undefined : redactUrl(where.url);
  }
}

/** The host that a failure is about. */
export function hostOf(where: Where): string {
  return where.url !== undefined && URL.canParse(where.url) ? new URL(where.url).host : where.registry;
}

/** The name of the host cannot be resolved. */
export class UnknownHostError extends RegistryError {
  constructor(where: Where, cause?: unknown) {
    super(
      'UnknownHostError',
      `No address is known for ${hostOf(where)}. Check the name's spelling, the network, and the proxy settings.`,
      where,
      cause,
    );
  }
}

/** Nothing listens there, or a firewall says no. */
export class ConnectionRefusedError extends RegistryError {
  constructor(where: Where, cause?: unknown) {
    super(
      'ConnectionRefusedError',
      `${hostOf(where)} refuses connections. Check the port, and whether the registry runs.`,
      where,
      cause,
    );
  }
}

/** There is no way to the host, or it hung up in the middle. `code` is the system's, e.g. ECONNRESET. */
export class ConnectionLostError extends RegistryError {
  readonly code: string;
  constructor(code: string, where: Where, cause?: unknown, hint = '') {
    super(
      'ConnectionLostError',
      `The connection to ${hostOf(where)} broke (${code}). Check the network and try again${hint}.`,
      where,
      cause,
    );
    this.code = code;
  }
}

/** Transport security failed. `reason` is the code of Node or OpenSSL, e.g. SELF_SIGNED_CERT_IN_CHAIN. */
export class TlsError extends RegistryError {
  readonly reason: string;
  constructor(reason: string, advice: string, where: Where, cause?: unknown) {
    super('TlsError', `No secure connection to ${hostOf(where)}: ${advice} (${reason}).`, where, cause);
    this.reason = reason;
  }
}

/** The server lets in only those who show a client certificate that it knows. `reason` is OpenSSL's code of its alert. */
export class ClientCertificateNeededError extends RegistryError {
  readonly reason: string;
  constructor(reason: string, where: Where, cause?: unknown) {
    super(
      'ClientCertificateNeededError',
      `${hostOf(where)} lets in only those who show a client certificate that it knows (${reason}). Name the files of yours in the registry's settings ("cert" and "key"), or put them into certs.d.`,
      where,
      cause,
    );
    this.reason = reason;
  }
}

/** The HTTP proxy would not let the request through. */
export class ProxyError extends RegistryError {
  constructor(detail: string, where: Where, cause?: unknown) {
    super(
      'ProxyError',
      `The proxy gives no way to ${hostOf(where)}: ${detail}. Check http.proxy and HTTPS_PROXY, and the proxy's user and password.`,
      where,
      cause,
    );
  }
}

/** Nothing moved for too long. `phase` says what was waited for. */
export class TimeoutError extends RegistryError {
  readonly phase: 'connect' | 'firstByte' | 'idle';
  constructor(phase: 'connect' | 'firstByte' | 'idle', where: Where, cause?: unknown) {
    const what = {
      connect: 'does not take the connection',
      firstByte: 'does not begin to answer',
      idle: 'stopped sending',
    }[phase];
    super(
      'TimeoutError',
      `${hostOf(where)} ${what}. Try again; where the network is slow, raise the timeouts in the settings.`,
      where,
      cause,
    );
    this.phase = phase;
  }
}

/** What to do about something that is not there. */
const REMEDIES: Readonly<Record<NotFoundError['what'], string>> = {
  manifest: ' Check the name, and the tag or digest.',
  blob: ' The image is not whole there: ask those who keep it to push it again.',
  repository: ' Check the name.',
  page: ' Check the address.',
};

/** The registry does not have it, or does not say so to this account. */
export class NotFoundError extends RegistryError {
  readonly what: 'manifest' | 'blob' | 'repository' | 'page';
  /** The tag or digest that was asked for. */
  readonly wanted: string | undefined;
  /** A repository that exists and may be meant (`library/…` on a mirror of Docker Hub). */
  readonly suggestion: string | undefined;
  /** The registry answers alike for what is missing and for what this account may not see: signing in may help. */
  readonly orNoAccess: boolean;
  constructor(
    what: 'manifest' | 'blob' | 'repository' | 'page',
    wanted: string | undefined,
    where: Where,
    extra: { suggestion?: string; orNoAccess?: boolean } = {},
  ) {
    const subject =
      what === 'repository' || wanted === undefined
        ? `the ${what} ${where.repository ?? ''}`.trim()
        : `${what} ${wanted} of ${where.repository ?? ''}`.trim();
    const access = extra.orNoAccess ? ', or it may not be read with this account: sign in, if it is private' : '';
    const hint =
      extra.suggestion === undefined
        ? REMEDIES[what]
        : ` It does have ${extra.suggestion}: write ${where.registry}/${extra.suggestion}.`;
    super('NotFoundError', `${where.registry} does not have ${subject}${access}.${hint}`, where);
    this.what = what;
    this.wanted = wanted;
    this.suggestion = extra.suggestion;
    this.orNoAccess = extra.orNoAccess === true;
  }
}

/** Signing in is needed, or the account that was used is not taken. */
export class UnauthorizedError extends RegistryError {
  constructor(where: Where, detail = '', cause?: unknown) {
    const subject = where.repository === undefined ? where.registry : `${where.registry}/${where.repository}`;
    super(
      'UnauthorizedError',
      `${subject} asks for an account that may read it${detail && ` (${detail})`}. Sign in to ${where.registry}.`,
      where,
      cause,
    );
  }
}

/** An account was tried by itself, and the registry does not take it. */
export class AccountRefusedError extends RegistryError {
  constructor(where: Where, cause?: unknown) {
    super(
      'AccountRefusedError',
      `${where.registry} refused the user name or password. Check both and sign in again; some registries want an access token in the password's place.`,
      where,
      cause,
    );
  }
}

/** The account is known but may not do this. */
export class ForbiddenError extends RegistryError {
  constructor(where: Where, detail = '') {
    const subject = where.repository === undefined ? where.registry : `${where.registry}/${where.repository}`;
    super(
      'ForbiddenError',
      `${subject} may not be read with this account${detail && ` (${detail})`}. Ask its owner for access, or sign in with another account.`,
      where,
    );
  }
}

/** Too many requests. */
export class RateLimitedError extends RegistryError {
  /** Seconds until the registry wants to be asked again; undefined when it does not say. */
  readonly retryAfter: number | undefined;
  /** Requests left in the registry's window; undefined when it does not say. */
  readonly remaining: number | undefined;
  constructor(where: Where, retryAfter: number | undefined, remaining: number | undefined, detail = '') {
    const when = retryAfter === undefined ? 'later' : `in ${Math.ceil(retryAfter)} seconds`;
    super(
      'RateLimitedError',
      `${where.registry} takes no more requests for now${detail && ` (${detail})`}. Try again ${when}, sign in for a higher limit, or use a mirror.`,
      where,
    );
    this.retryAfter = retryAfter;
    this.remaining = remaining;
  }
}

/** A web page came where the registry's answer should be: a login portal, a proxy's message, or an address that is no registry. */
export class HtmlInsteadError extends RegistryError {
  /** The page's title, cut. */
  readonly title: string | undefined;
  readonly status: number;
  constructor(where: Where, status: number, title: string | undefined) {
    const named = title === undefined ? '' : ` ("${title}")`;
    super(
      'HtmlInsteadError',
      `${hostOf(where)} answered with a web page${named} instead of a registry's data. Check the address, and whether a proxy or a login page stands in between.`,
      where,
    );
    this.title = title;
    this.status = status;
  }
}

/** The answer is longer than anything sensible. */
export class TooLargeError extends RegistryError {
  readonly limit: number;
  constructor(limit: number, where: Where) {
    super(
      'TooLargeError',
      `The answer of ${hostOf(where)} is longer than ${limit} bytes, which no honest one is. It was dropped.`,
      where,
    );
    this.limit = limit;
  }
}

/** An answer points to an address that it must not lead to. */
export class RedirectRefusedError extends RegistryError {
  readonly reason: string;
  constructor(reason: string, where: Where) {
    super(
      'RedirectRefusedError',
      `${where.registry} points to ${where.url === undefined ? 'an address' : redactUrl(where.url)}, which is not followed: ${reason}.`,
      where,
    );
    this.reason = reason;
  }
}

/** Plain HTTP to a host that is not this machine, and nobody allowed it. */
export class InsecureRefusedError extends RegistryError {
  constructor(where: Where) {
    super(
      'InsecureRefusedError',
      `${hostOf(where)} would be asked without encryption. If that is wanted, mark the registry as insecure in the settings.`,
      where,
    );
  }
}

/** The registry gives no list of its repositories. */
export class NoCatalogError extends RegistryError {
  constructor(where: Where, cause?: unknown) {
    super(
      'NoCatalogError',
      `${where.registry} gives no list of its repositories. Open an image by its name; it is remembered here.`,
      where,
      cause,
    );
  }
}

/** Any other answer that is no success. */
export class ServerError extends RegistryError {
  readonly status: number;
  /** The registry's own error code, e.g. MANIFEST_UNKNOWN, where its body gives one. */
  readonly code: string | undefined;
  constructor(status: number, code: string | undefined, detail: string | undefined, where: Where) {
    const said = [code, detail].filter(part => part !== undefined && part !== '').join(': ');
    const advice = status >= 500 ? ' Try again later.' : '';
    super('ServerError', `${hostOf(where)} answered ${status}${said && ` (${said})`}.${advice}`, where);
    this.status = status;
    this.code = code;
  }
}

/** The registry sent another part than the one that was asked for; the whole can still be asked for. */
export class WrongRangeError extends RegistryError {
  constructor(where: Where) {
    super('WrongRangeError', `${where.registry} sent another part of a blob than the one that was asked for.`, where);
  }
}

/** What the mirrors said before the registry itself failed: the cause of its failure. */
export class MirrorsFailedError extends Error {
  readonly failures: readonly Error[];
  constructor(failures: readonly Error[]) {
    super(`The mirrors failed as well: ${failures.map(failure => failure.message).join(' ')}`);
    this.name = 'MirrorsFailedError';
    this.failures = failures;
  }
}
