import { headerOf } from '../http/headers.ts';
import { asString, parseJsonObject, type JsonObject } from '../../oci/json.ts';
import type { Challenge } from './challenge.ts';
import type { Endpoint } from '../config.ts';
import { basicAuthorization, type Credential } from './credentials.ts';
import { RedirectRefusedError, ServerError, UnauthorizedError } from '../errors.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { responseError } from '../http/responseErrors.ts';
import { writeAccessOf } from './scope.ts';
import type { HttpRequest, Transport } from '../http/transport.ts';

/** A token and when it expires. */
export interface Token {
  readonly token: string;
  /** Milliseconds since 1970, by this machine's clock. */
  readonly expires: number;
}

/** Bytes of a token server's answer that are read. */
const LONGEST_ANSWER = 64 * 1024;
/** Seconds; distribution's token specification sets this where the server doesn't say. */
const DEFAULT_LIFE = 60;
const CLIENT_ID = 'peel';

/**
 * Asks the token server that a challenge names (distribution, "Token Authentication" and "OAuth2
 * Token Authentication").
 * @param credential undefined = an anonymous token
 * @throws {RedirectRefusedError} secrets must not be sent to the realm
 * @throws {UnauthorizedError} the account isn't accepted
 */
export async function fetchToken(
  transport: Transport,
  endpoint: Endpoint,
  challenge: Challenge,
  scope: string,
  credential: Credential | undefined,
  signal: AbortSignal,
): Promise<Token> {
  const realm = realmOf(challenge, endpoint);
  const service = challenge.parameters.service;
  const ask = { transport, endpoint, realm, service, scope, signal };
  if (credential && 'registryToken' in credential) return { token: credential.registryToken, expires: Infinity };
  if (credential && 'identityToken' in credential) {
    const form = { grant_type: 'refresh_token', refresh_token: credential.identityToken };
    return (await post(ask, form, NO_POST)) ?? get(ask, basicAuthorization('', credential.identityToken));
  }
  const basic = credential && basicAuthorization(credential.username, credential.password);
  try {
    return await get(ask, basic);
  } catch (error) {
    // Servers that only know OAuth 2 don't support GET.
    if (!credential || !(error instanceof ServerError) || (error.status !== 404 && error.status !== 405)) throw error;
    const form = { grant_type: 'password', username: credential.username, password: credential.password };
    const token = await post(ask, form, []);
    if (!token) throw error;
    return token;
  }
}

/** Answers to a POST that mean "use GET". */
const NO_POST: readonly number[] = [400, 401, 404, 405];

interface Ask {
  readonly transport: Transport;
  readonly endpoint: Endpoint;
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scope: string;
  readonly signal: AbortSignal;
}

/** The realm may be relative and may have a query, which is kept. */
function realmOf(challenge: Challenge, endpoint: Endpoint): URL {
  const text = challenge.parameters.realm ?? '';
  const base = `${endpoint.url}/v2/`;
  const where = { registry: endpoint.name, url: base };
  if (text === '' || !URL.canParse(text, base))
    throw new RedirectRefusedError('the realm of its challenge is not an address', where);
  const realm = new URL(text, base);
  realm.hash = '';
  return realm;
}

async function get(ask: Ask, authorization: string | undefined): Promise<Token> {
  const url = new URL(ask.realm);
  if (ask.service !== undefined) url.searchParams.append('service', ask.service);
  for (const scope of ask.scope.split(' ').filter(Boolean)) url.searchParams.append('scope', scope);
  const { response, body } = await send(ask, { endpoint: ask.endpoint, url: url.href, authorization });
  if (response.status !== 200) throw refused(ask, response, body);
  return readToken(ask, response, body);
}

async function post(
  ask: Ask,
  form: Readonly<Record<string, string>>,
  otherwise: readonly number[],
): Promise<Token | undefined> {
  const body = new URLSearchParams({
    ...form,
    service: ask.service ?? '',
    client_id: CLIENT_ID,
    scope: ask.scope,
  }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await send(ask, { endpoint: ask.endpoint, url: ask.realm.href, method: 'POST', headers, body });
  if (otherwise.includes(answer.response.status)) return undefined;
  if (answer.response.status !== 200) throw refused(ask, answer.response, answer.body);
  return readToken(ask, answer.response, answer.body);
}

function send(ask: Ask, request: HttpRequest): Promise<{ response: HttpResponse; body: Uint8Array | undefined }> {
  return ask.transport.sendForDocument(request, LONGEST_ANSWER, ask.signal);
}

function refused(ask: Ask, response: HttpResponse, body: Uint8Array | undefined): Error {
  const where = { registry: ask.endpoint.name, url: ask.realm.href, access: writeAccessOf(ask.scope) };
  if (response.status === 401 || response.status === 403)
    return new UnauthorizedError(where, "its token server doesn't accept the account");
  return responseError(response, body, where);
}

function readToken(ask: Ask, response: HttpResponse, body: Uint8Array | undefined): Token {
  const where = { registry: ask.endpoint.name, url: ask.realm.href };
  const json = body && parseJsonObject(new TextDecoder().decode(body));
  const token = asString(json?.token) ?? asString(json?.access_token);
  if (!json || token === undefined) throw responseError(response, body, where, 'it sent no token');
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new ServerError(
      response.status,
      undefined,
      'its token contains characters that headers must not contain',
      where,
    );
  return { token, expires: expiry(json, response, Date.now()) };
}

/**
 * Returns a time shortly before the token expires. Its age on arrival, if it came from a cache, is
 * known by the server's clock alone. A token that is already too old means a server that sends Go's
 * zero time.
 */
function expiry(json: JsonObject, response: HttpResponse, now: number): number {
  const stated = Number(json.expires_in);
  const life = Number.isFinite(stated) && stated > 0 ? stated : DEFAULT_LIFE;
  const issued = Date.parse(asString(json.issued_at) ?? '');
  const serverNow = Date.parse(headerOf(response.headers, 'date') ?? '');
  const passed = Number.isNaN(issued) || Number.isNaN(serverNow) ? 0 : serverNow - issued;
  const age = passed > 0 && passed < life * 1000 ? passed : 0;
  return now + Math.max(0, life * 1000 - age - Math.min(30_000, life * 100));
}
