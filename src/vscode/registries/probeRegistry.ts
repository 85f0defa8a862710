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
  return {
    access,
    catalog: catalog ? 'listed' : 'none',
    text: `${describe(authentication)}${catalog ? '' : unlisted(access)}`,
  };
}

/** A registry that wants an account may list its repositories to one. */
function unlisted(access: Finding['access']): string {
  return access === 'open'
    ? " This registry doesn't support listing repositories. Open images by name."
    : " Its repositories can't be listed without signing in. Sign in, or open images by name.";
}

function describe(authentication: string): string {
  switch (authentication) {
    case 'none':
      return 'No sign-in required.';
    case 'basic':
      return 'It requires sign-in.';
    case 'bearer':
      return "Public images don't require sign-in.";
    default:
      return `It uses the authentication scheme "${authentication.slice(0, 30)}", which Peel doesn't support.`;
  }
}
