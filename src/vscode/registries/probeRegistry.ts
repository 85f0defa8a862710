import type { RegistryClient } from '../../registry/api/client.ts';

/** What was found at an address. */
export interface Finding {
  readonly access: 'open' | 'account';
  readonly catalog: 'listed' | 'none';
  /** One or two sentences for the user. */
  readonly text: string;
}

/**
 * Finds out whether an address is a registry, and what it supports. @throws {RegistryError} no
 * registry answers there
 */
export async function probeRegistry(client: RegistryClient, signal: AbortSignal): Promise<Finding> {
  const { authentication, catalog } = await client.ping(signal);
  const access = authentication === 'none' ? 'open' : 'account';
  const list = catalog ? 'it lists its repositories' : "it doesn't list its repositories, so open images by name";
  return { access, catalog: catalog ? 'listed' : 'none', text: `${describe(authentication)}; ${list}.` };
}

function describe(authentication: string): string {
  switch (authentication) {
    case 'none':
      return 'It needs no account';
    case 'basic':
      return 'It asks for a user name and password';
    case 'bearer':
      return 'It uses tokens, and public images need no account';
    default:
      return `It uses the authentication scheme "${authentication.slice(0, 30)}", which Peel doesn't support`;
  }
}
