import type { RegistryClient } from '../../registry/api/client.ts';

/** What an address turned out to be. */
export interface Finding {
  readonly access: 'open' | 'account';
  readonly catalog: 'listed' | 'none';
  /** One or two sentences for a person. */
  readonly text: string;
}

/** Asks an address whether it is a registry, and what it lets do. @throws {RegistryError} no registry answers there */
export async function probeRegistry(client: RegistryClient, signal: AbortSignal): Promise<Finding> {
  const { authentication, catalog } = await client.ping(signal);
  const access = authentication === 'none' ? 'open' : 'account';
  const list = catalog ? 'it lists its repositories' : 'it does not list its repositories: open images by their names';
  return { access, catalog: catalog ? 'listed' : 'none', text: `${saidOf(authentication)}; ${list}.` };
}

function saidOf(authentication: string): string {
  switch (authentication) {
    case 'none':
      return 'It asks for no account';
    case 'basic':
      return 'It asks for user name and password';
    case 'bearer':
      return 'It gives tokens, to everybody for what is public';
    default:
      return `It asks for a sign-in of the kind "${authentication.slice(0, 30)}", which Peel does not know`;
  }
}
