import { type KeyObject, randomUUID, sign } from 'node:crypto';
import type http from 'node:http';
import { text } from 'node:stream/consumers';
import { listen, type Listening, logRequest, type LoggedRequest, type ServerTls } from './listen.ts';

export interface TokenServerOptions {
  readonly users?: Readonly<Record<string, string>>;
  /** Seconds; default 300. */
  readonly ttl?: number;
  /** Whether a token without an account may pull; default true. */
  readonly anonymousPull?: boolean;
  /** Answers only GET: a POST gets 404, as from old servers. */
  readonly getOnly?: boolean;
  /** The token's property names in the response; default: both. */
  readonly fields?: readonly ('token' | 'access_token')[];
  /** Omits `expires_in` and `issued_at`, which means 60 seconds according to the specification. */
  readonly withoutExpiry?: boolean;
  /** Repositories that only users may pull. */
  readonly isPrivate?: (repository: string) => boolean;
  /**
   * Signs tokens for a registry that checks them itself (distribution): the key, its certificate,
   * and the issuer's name.
   */
  readonly signer?: { readonly key: KeyObject; readonly certificate: string; readonly issuer: string };
  readonly tls?: ServerTls;
  readonly address?: string;
}

/** A token issued by the server. */
export interface Grant {
  readonly user: string;
  readonly scopes: readonly string[];
  readonly token: string;
}

/**
 * A token server (distribution's token and OAuth 2 specification) with accounts, identity tokens
 * and a log.
 */
export interface TokenServer extends Listening {
  readonly requests: LoggedRequest[];
  /** The submitted forms, in order. */
  readonly forms: URLSearchParams[];
  readonly grants: Grant[];
  /** Returns the response to a GET. */
  answer(query: URLSearchParams, authorization?: string): { readonly status: number; readonly value: unknown };
  /**
   * Returns what the token allows, as `repository:name:action`; undefined for an unknown or expired
   * one.
   */
  scopesOf(token: string): readonly string[] | undefined;
  /** Invalidates every token issued so far. */
  revokeAll(): void;
  /** Issues an identity (refresh) token for an account, as `docker login` does. */
  identityToken(user: string): string;
}

interface Answer {
  readonly status: number;
  readonly value: unknown;
}

interface Asked {
  readonly user: string;
  readonly service: string;
  readonly scopes: readonly string[];
  readonly offline: boolean;
}

/** Default: alice:s3cret. */
export async function startTokenServer(options: TokenServerOptions = {}): Promise<TokenServer> {
  const requests: LoggedRequest[] = [];
  const forms: URLSearchParams[] = [];
  const desk = new TokenDesk(options);
  const respond = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const entry = logRequest(request, requests);
    const form = request.method === 'POST' ? new URLSearchParams(await text(request)) : undefined;
    if (form) forms.push(form);
    const send = (status: number, value: unknown): void => {
      entry.status = status;
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(JSON.stringify(value));
    };
    if (!entry.path.startsWith('/token') || (form && options.getOnly)) return send(404, { details: 'not found' });

    const { status, value } = form ? desk.post(form) : desk.get(entry.query, request.headers.authorization);
    send(status, value);
  };
  const server = await listen(
    (request, response) => void respond(request, response).catch(() => response.destroy()),
    options,
  );
  return {
    ...server,
    requests,
    forms,
    grants: desk.grants,
    answer: (query, authorization) => desk.get(query, authorization),
    scopesOf: token => desk.scopesOf(token),
    revokeAll: () => desk.revokeAll(),
    identityToken: user => desk.identityToken(user),
  };
}

class TokenDesk {
  readonly grants: Grant[] = [];
  readonly #options: TokenServerOptions;
  readonly #users: Readonly<Record<string, string>>;
  readonly #issued = new Map<string, { scopes: readonly string[]; expires: number }>();
  readonly #identities = new Map<string, string>();

  constructor(options: TokenServerOptions) {
    this.#options = options;
    this.#users = options.users ?? { alice: 's3cret' };
  }

  scopesOf(token: string): readonly string[] | undefined {
    const found = this.#issued.get(token);
    return found && found.expires > Date.now() ? found.scopes : undefined;
  }

  revokeAll(): void {
    this.#issued.clear();
  }

  identityToken(user: string): string {
    const token = `identity-${randomUUID()}`;
    this.#identities.set(token, user);
    return token;
  }

  get(query: URLSearchParams, authorization: string | undefined): Answer {
    const asked = this.#readQuery(query, authorization);
    return asked ? this.#grant(asked) : { status: 401, value: { details: 'incorrect username or password' } };
  }

  post(form: URLSearchParams): Answer {
    const asked = this.#readForm(form);
    return asked ? this.#grant(asked) : { status: 400, value: { error: 'invalid_grant' } };
  }

  /** GET with Basic, or without for anonymous; undefined = wrong password. */
  #readQuery(query: URLSearchParams, authorization: string | undefined): Asked | undefined {
    let user = '';
    if (authorization !== undefined) {
      const [scheme, value = ''] = authorization.split(' ', 2);
      const pair = Buffer.from(value, 'base64').toString();
      user = pair.slice(0, pair.indexOf(':'));
      if (scheme !== 'Basic' || !this.#knows(user, pair.slice(user.length + 1))) return undefined;
    }
    return {
      user,
      service: query.get('service') ?? '',
      scopes: query.getAll('scope').flatMap(words),
      offline: query.get('offline_token') === 'true',
    };
  }

  /** POST with an identity token or a password; undefined = unknown. */
  #readForm(form: URLSearchParams): Asked | undefined {
    const byIdentity = form.get('grant_type') === 'refresh_token';
    const user = byIdentity ? this.#identities.get(form.get('refresh_token') ?? '') : (form.get('username') ?? '');
    if (user === undefined || !form.get('service') || !form.get('client_id')) return undefined;
    if (!byIdentity && !this.#knows(user, form.get('password') ?? '')) return undefined;
    const scopes = words(form.get('scope') ?? '');
    return { user, service: form.get('service') ?? '', scopes, offline: form.get('access_type') === 'offline' };
  }

  #knows(user: string, password: string): boolean {
    return Object.hasOwn(this.#users, user) && this.#users[user] === password;
  }

  #grant(asked: Asked): Answer {
    const { ttl = 300, fields = ['token', 'access_token'], withoutExpiry } = this.#options;
    const access = asked.scopes.flatMap(scope => this.#allowed(scope, asked.user));
    const token = this.#options.signer ? this.#signed(asked, access, ttl) : `token-${randomUUID()}`;
    const scopes = access.flatMap(({ type, name, actions }) => actions.map(action => `${type}:${name}:${action}`));
    this.#issued.set(token, { scopes, expires: Date.now() + (withoutExpiry ? 60 : ttl) * 1000 });
    this.grants.push({ user: asked.user, scopes, token });
    const value = {
      ...Object.fromEntries(fields.map(field => [field, token])),
      ...(withoutExpiry ? {} : { expires_in: ttl, issued_at: new Date().toISOString() }),
      ...(asked.offline && asked.user ? { refresh_token: this.identityToken(asked.user) } : {}),
    };
    return { status: 200, value };
  }

  #allowed(scope: string, user: string): { type: string; name: string; actions: string[] }[] {
    const match = /^([^:]+):(.+):([^:]*)$/.exec(scope);
    if (!match) return [];
    const [, type = '', name = '', list = ''] = match;
    const open = (this.#options.anonymousPull ?? true) && type === 'repository' && !this.#options.isPrivate?.(name);
    const actions = list.split(',').filter(action => user !== '' || (open && action === 'pull'));
    return actions.length > 0 ? [{ type, name, actions }] : [];
  }

  /**
   * Returns a JSON Web Token that distribution accepts (RFC 7515, with the certificate in `x5c`).
   */
  #signed(asked: Asked, access: unknown, ttl: number): string {
    const { signer } = this.#options;
    if (!signer) throw new Error('no signer');
    const now = Math.floor(Date.now() / 1000);
    const x5c = [signer.certificate.replace(/-----[^-]+-----|\s/g, '')];
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iss: signer.issuer, sub: asked.user, aud: asked.service, exp: now + ttl, nbf: now - 10, iat: now };
    const input = `${encode({ typ: 'JWT', alg: 'RS256', x5c })}.${encode({ ...claims, jti: randomUUID(), access })}`;
    return `${input}.${sign('sha256', Buffer.from(input), signer.key).toString('base64url')}`;
  }
}

function words(scope: string): string[] {
  return scope.split(' ').filter(word => word !== '');
}
