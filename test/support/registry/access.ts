import type { LoggedRequest } from '../listen.ts';
import { startTokenServer, type TokenServer, type TokenServerOptions } from '../tokenServer.ts';
import { errorReply, type Reply } from './reply.ts';

/** Who may read, and how the registry challenges clients. */
export interface AccessOptions {
  /** `basic`: user and password with each request. `bearer`: a token of the token server. */
  readonly scheme: 'basic' | 'bearer';
  readonly users?: Readonly<Record<string, string>>;
  /** Settings of the token server that `bearer` starts, on its own origin. */
  readonly tokens?: TokenServerOptions;
  /** Builds the challenge. Default: a plain one. An empty string sends a 401 without the header. */
  readonly challenge?: (challenge: Challenge) => string | readonly string[];
}

/** The parts of a challenge. */
export interface Challenge {
  readonly realm: string;
  readonly service: string;
  /** '' for the ping. */
  readonly scope: string;
  readonly error?: 'invalid_token' | 'insufficient_scope';
  readonly request: LoggedRequest;
}

/** A registry's access control. */
export interface Access {
  /** Returns the refusal, or undefined if the request may pass. */
  refuse(request: LoggedRequest): Reply | undefined;
  /** Sets the registry's address, which a relative realm needs. */
  registryIs(url: string): void;
  readonly tokenServer: TokenServer | undefined;
  close(): Promise<void>;
}

export const SERVICE = 'embedded-registry';

export async function guard(options: AccessOptions | undefined): Promise<Access> {
  const users = options?.users ?? { alice: 's3cret' };
  const tokenServer = options?.scheme === 'bearer' ? await startTokenServer({ users, ...options.tokens }) : undefined;
  let registryUrl = '';
  const deny = (request: LoggedRequest, error?: Challenge['error']): Reply => {
    const scope = scopeOf(request);
    const realm = tokenServer ? `${tokenServer.url}/token` : registryUrl;
    const make = options?.challenge ?? (tokenServer ? bearerChallenge : basicChallenge);
    const challenge = make({ realm, service: SERVICE, scope, request, ...(error && { error }) });
    return errorReply(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
  };
  return {
    tokenServer,
    registryIs: url => void (registryUrl = url),
    close: async () => tokenServer?.close(),
    refuse: request => {
      if (!options) return undefined;
      const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ', 2);
      if (!tokenServer) {
        const [user, password] = split(Buffer.from(value, 'base64').toString());
        const right = scheme.toLowerCase() === 'basic' && user in users && users[user] === password;
        return right ? undefined : deny(request);
      }
      if (scheme.toLowerCase() !== 'bearer') return deny(request);
      const granted = tokenServer.scopesOf(value);
      if (!granted) return deny(request, 'invalid_token');
      const needed = scopeOf(request);
      return needed === '' || granted.includes(needed) ? undefined : deny(request, 'insufficient_scope');
    },
  };
}

function split(text: string): [string, string] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

function basicChallenge(): string {
  return 'Basic realm="embedded registry"';
}

/** Returns a challenge as distribution writes it. */
export function bearerChallenge({ realm, service, scope, error }: Challenge): string {
  const parts = [`realm="${realm}"`, `service="${service}"`];
  if (scope) parts.push(`scope="${scope}"`);
  if (error) parts.push(`error="${error}"`);
  return `Bearer ${parts.join(',')}`;
}

function scopeOf(request: LoggedRequest): string {
  if (request.path === '/v2/_catalog') return 'registry:catalog:*';
  const name = /^\/v2\/(.+)\/(?:manifests|blobs|referrers|tags)\/[^/]+$/.exec(request.path)?.[1];
  return name ? `repository:${name}:pull` : '';
}
