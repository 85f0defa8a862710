import { chooseChallenge, parseChallenges, type Challenge } from './challenge.ts';
import { endpointsOf, type Endpoint, type RegistryConfig } from '../config.ts';
import { basicAuthorization, type Credential } from './credentials.ts';
import { AccountRefusedError, UnauthorizedError } from '../errors.ts';
import { responseError } from '../http/responseErrors.ts';
import { fetchToken } from './tokenServer.ts';
import type { Transport } from '../http/transport.ts';

const LONGEST_REASON = 64 * 1024;

/**
 * Returns the registry's challenge to an anonymous request, mirrors left aside; undefined if it has
 * none.
 */
export async function askChallenge(
  transport: Transport,
  config: RegistryConfig,
  signal: AbortSignal,
): Promise<Challenge | undefined> {
  const endpoint = ownEndpoint(config);
  const response = await transport.send({ endpoint, url: `${endpoint.url}/v2/` }, signal);
  response.discard();
  if (response.status !== 401) return undefined;
  const challenges = parseChallenges(response.headers['www-authenticate']);
  return chooseChallenge(challenges);
}

/**
 * Tries an account at the registry's token server, or at the API's root. Unlike a pull, it doesn't
 * fall back to anonymous access. A registry that wants no account accepts any.
 * @throws {AccountRefusedError} the account isn't accepted
 */
export async function verifyAccount(
  transport: Transport,
  config: RegistryConfig,
  account: Credential,
  signal: AbortSignal,
): Promise<'taken' | 'not asked for'> {
  const endpoint = ownEndpoint(config);
  const challenge = await askChallenge(transport, config, signal);
  if (!challenge) return 'not asked for';
  const where = { registry: endpoint.name, url: `${endpoint.url}/v2/` };
  const authorization = await headerFor(transport, endpoint, challenge, account, signal).catch((error: unknown) => {
    throw error instanceof UnauthorizedError ? new AccountRefusedError(where, error) : error;
  });
  const request = { endpoint, url: where.url, authorization };
  const { response, body } = await transport.sendForDocument(request, LONGEST_REASON, signal);
  // Amazon's registries answer 403 to an account whose token has expired.
  if (response.status === 401 || response.status === 403)
    throw new AccountRefusedError(where, responseError(response, body, where));
  return 'taken';
}

async function headerFor(
  transport: Transport,
  endpoint: Endpoint,
  challenge: Challenge,
  account: Credential,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (challenge.scheme === 'basic')
    return 'username' in account ? basicAuthorization(account.username, account.password) : undefined;
  return `Bearer ${(await fetchToken(transport, endpoint, challenge, '', account, signal)).token}`;
}

function ownEndpoint(config: RegistryConfig): Endpoint {
  const endpoints = endpointsOf(config);
  return endpoints[endpoints.length - 1] ?? endpoints[0];
}
