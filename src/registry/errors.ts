import { redactUrl } from './redact.ts';

/** The registry, repository and address that a failure is about. */
export interface Where {
  readonly registry: string;
  readonly repository?: string | undefined;
  /** May contain secrets here; errors store only its harmless part. */
  readonly url?: string | undefined;
  /** What was to be done there; absent = read. */
  readonly access?: WriteAccess | undefined;
}

/** What writing needs permission for. */
export type WriteAccess = 'push' | 'delete';

/** What an account may or may not do. */
const RIGHTS: Readonly<Record<'read' | WriteAccess, string>> = {
  read: 'read',
  push: 'push to',
  delete: 'delete from',
};

/** A failure at a registry, with where it happened and without secrets. */
export class RegistryError extends Error {
  readonly registry: string;
  readonly repository: string | undefined;
  /** Without user, password and query; storage services put signatures there. */
  readonly url: string | undefined;
  /** The registry, repository or host that the message begins with, if it does. */
  readonly subject: string | undefined;
  /** The message without its subject, for lists that already show that. */
  readonly problem: string;

  /** @param message a sentence, or its subject and the rest */
  constructor(
    name: string,
    message: string | readonly [subject: string, problem: string],
    where: Where,
    cause?: unknown,
  ) {
    const [subject, problem] = typeof message === 'string' ? [undefined, message] : message;
    super(subject === undefined ? problem : `${subject} ${problem}`, cause === undefined ? undefined : { cause });
    this.name = name;
    this.subject = subject;
    this.problem = problem;
    this.registry = where.registry;
    this.repository = where.repository;
    this.url = where.url === undefined ? undefined : redactUrl(where.url);
  }
}

/** The host that a failure is about. */
export function hostOf(where: Where): string {
  return where.url !== undefined && URL.canParse(where.url) ? new URL(where.url).host : where.registry;
}

/** The host's name can't be resolved. */
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

/** Nothing listens there, or a firewall refuses. */
export class ConnectionRefusedError extends RegistryError {
  constructor(where: Where, cause?: unknown) {
    super(
      'ConnectionRefusedError',
      [hostOf(where), 'refuses connections. Check the port, and whether the registry runs.'],
      where,
      cause,
    );
  }
}

/**
 * The host is out of reach, or the connection broke. `code` is the system's, such as ECONNRESET.
 */
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

/** TLS failed. `reason` is the code of Node or OpenSSL, such as SELF_SIGNED_CERT_IN_CHAIN. */
export class TlsError extends RegistryError {
  readonly reason: string;
  constructor(reason: string, advice: string, where: Where, cause?: unknown) {
    super('TlsError', `No secure connection to ${hostOf(where)}: ${advice} (${reason}).`, where, cause);
    this.reason = reason;
  }
}

/** The server wants a client certificate that it knows. `reason` is OpenSSL's code of its alert. */
export class ClientCertificateNeededError extends RegistryError {
  readonly reason: string;
  constructor(reason: string, where: Where, cause?: unknown) {
    super(
      'ClientCertificateNeededError',
      [
        hostOf(where),
        `wants a client certificate that it knows (${reason}). Set yours in the registry's settings ("cert" and "key"), or put it into certs.d.`,
      ],
      where,
      cause,
    );
    this.reason = reason;
  }
}

/** The proxy can't be reached, or doesn't let the request through. */
export class ProxyError extends RegistryError {
  /** The setting or environment variable that names the proxy. */
  readonly setting: string | undefined;
  constructor(detail: string, where: Where, setting?: string, cause?: unknown) {
    const source = setting ?? 'http.proxy and HTTPS_PROXY';
    super('ProxyError', `No way through the proxy to ${hostOf(where)}: ${detail}. Check ${source}.`, where, cause);
    this.setting = setting;
  }
}

/** Nothing happened for too long. `phase` says what was waited for. */
export class TimeoutError extends RegistryError {
  readonly phase: 'connect' | 'firstByte' | 'idle';
  constructor(phase: 'connect' | 'firstByte' | 'idle', where: Where, cause?: unknown) {
    const what = {
      connect: "doesn't accept the connection",
      firstByte: "doesn't answer",
      idle: 'stopped sending',
    }[phase];
    super(
      'TimeoutError',
      [hostOf(where), `${what}. Try again; if the network is slow, raise the timeouts in the settings.`],
      where,
      cause,
    );
    this.phase = phase;
  }
}

/** What to do about something missing. */
const REMEDIES: Readonly<Record<NotFoundError['what'], string>> = {
  manifest: ' Check the name, and the tag or digest.',
  blob: ' The image is incomplete there: ask its owner to push it again.',
  repository: ' Check the name.',
  page: ' Check the address.',
};

/** The registry doesn't have it, or hides it from this account. */
export class NotFoundError extends RegistryError {
  readonly what: 'manifest' | 'blob' | 'repository' | 'page';
  /** The tag or digest that was asked for. */
  readonly wanted: string | undefined;
  /** A repository that exists and may be the wanted one (`library/…` on a mirror of Docker Hub). */
  readonly suggestion: string | undefined;
  /** The registry answers the same for what this account may not see, so signing in may help. */
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
    const access = extra.orNoAccess ? ', or this account may not read it: sign in if it is private' : '';
    const hint =
      extra.suggestion === undefined
        ? REMEDIES[what]
        : ` It does have ${extra.suggestion}: write ${where.registry}/${extra.suggestion}.`;
    super('NotFoundError', [where.registry, `does not have ${subject}${access}.${hint}`], where);
    this.what = what;
    this.wanted = wanted;
    this.suggestion = extra.suggestion;
    this.orNoAccess = extra.orNoAccess === true;
  }
}

/** Signing in is needed, or the account wasn't accepted. */
export class UnauthorizedError extends RegistryError {
  constructor(where: Where, detail = '', cause?: unknown) {
    const subject = where.repository === undefined ? where.registry : `${where.registry}/${where.repository}`;
    super(
      'UnauthorizedError',
      [
        subject,
        `asks for an account that may ${RIGHTS[where.access ?? 'read']} it${detail && ` (${detail})`}. Sign in to ${where.registry}.`,
      ],
      where,
      cause,
    );
  }
}

/** The registry doesn't accept the account that is being signed in with. */
export class AccountRefusedError extends RegistryError {
  constructor(where: Where, cause?: unknown) {
    super(
      'AccountRefusedError',
      [
        where.registry,
        'refused the user name or password. Check both and sign in again; some registries want an access token instead of the password.',
      ],
      where,
      cause,
    );
  }
}

/** The registry knows the account but refuses access. */
export class ForbiddenError extends RegistryError {
  constructor(where: Where, detail = '') {
    const subject = where.repository === undefined ? where.registry : `${where.registry}/${where.repository}`;
    super(
      'ForbiddenError',
      `This account may not ${RIGHTS[where.access ?? 'read']} ${subject}${detail && ` (${detail})`}. Ask its owner for access, or sign in with another account.`,
      where,
    );
  }
}

/** Too many requests. */
export class RateLimitedError extends RegistryError {
  /** Seconds until the registry accepts requests again; undefined if it doesn't say. */
  readonly retryAfter: number | undefined;
  /** Requests left in the current window; undefined if it doesn't say. */
  readonly remaining: number | undefined;
  constructor(where: Where, retryAfter: number | undefined, remaining: number | undefined, detail = '') {
    const when = retryAfter === undefined ? 'later' : `in ${Math.ceil(retryAfter)} seconds`;
    super(
      'RateLimitedError',
      [
        where.registry,
        `accepts no more requests for now${detail && ` (${detail})`}. Try again ${when}, sign in for a higher limit, or use a mirror.`,
      ],
      where,
    );
    this.retryAfter = retryAfter;
    this.remaining = remaining;
  }
}

/**
 * A web page came instead of the registry's answer: a login portal, a proxy's message, or not a
 * registry at all.
 */
export class HtmlInsteadError extends RegistryError {
  /** The page's title, shortened. */
  readonly title: string | undefined;
  readonly status: number;
  constructor(where: Where, status: number, title: string | undefined) {
    const named = title === undefined ? '' : ` ("${title}")`;
    super(
      'HtmlInsteadError',
      [
        hostOf(where),
        `answered with a web page${named} instead of a registry's data. Check the address, and whether a proxy or login page is in between.`,
      ],
      where,
    );
    this.title = title;
    this.status = status;
  }
}

/** The answer is too long to be genuine. */
export class TooLargeError extends RegistryError {
  readonly limit: number;
  constructor(limit: number, where: Where) {
    super(
      'TooLargeError',
      `The answer of ${hostOf(where)} is longer than ${limit} bytes, the most Peel accepts.`,
      where,
    );
    this.limit = limit;
  }
}

/** An answer points to an address that Peel doesn't follow. */
export class RedirectRefusedError extends RegistryError {
  readonly reason: string;
  constructor(reason: string, where: Where) {
    super(
      'RedirectRefusedError',
      [
        where.registry,
        `points to ${where.url === undefined ? 'an address' : redactUrl(where.url)}, which Peel doesn't follow: ${reason}.`,
      ],
      where,
    );
    this.reason = reason;
  }
}

/** Plain HTTP to another machine, which the settings don't allow. */
export class InsecureRefusedError extends RegistryError {
  constructor(where: Where) {
    super(
      'InsecureRefusedError',
      [
        hostOf(where),
        'would be used without encryption. To allow that, mark the registry as insecure in the settings.',
      ],
      where,
    );
  }
}

/** The registry doesn't list its repositories. */
export class NoCatalogError extends RegistryError {
  constructor(where: Where, cause?: unknown) {
    super(
      'NoCatalogError',
      [where.registry, 'gives no list of its repositories. Open an image by name; Peel remembers its repository.'],
      where,
      cause,
    );
  }
}

/** Any other unsuccessful answer. */
export class ServerError extends RegistryError {
  readonly status: number;
  /** The registry's own error code, such as MANIFEST_UNKNOWN, if the body contains one. */
  readonly code: string | undefined;
  constructor(status: number, code: string | undefined, detail: string | undefined, where: Where) {
    const said = [code, detail].filter(part => part !== undefined && part !== '').join(': ');
    const advice = status >= 500 ? ' Try again later.' : '';
    super('ServerError', [hostOf(where), `answered ${status}${said && ` (${said})`}.${advice}`], where);
    this.status = status;
    this.code = code;
  }
}

/** The registry sent another part of a blob than the one asked for. */
export class WrongRangeError extends RegistryError {
  constructor(where: Where) {
    super('WrongRangeError', [where.registry, 'sent another part of a blob than the one asked for.'], where);
  }
}

/** How the mirrors failed before the registry did; the cause of its failure. */
export class MirrorsFailedError extends Error {
  readonly failures: readonly Error[];
  constructor(failures: readonly Error[]) {
    super(`The mirrors failed as well: ${failures.map(failure => failure.message).join(' ')}`);
    this.name = 'MirrorsFailedError';
    this.failures = failures;
  }
}
