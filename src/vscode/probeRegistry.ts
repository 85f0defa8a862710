import type { RegistryClient } from '../registry/client.ts';

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
  const words = {
    none: 'a registry that asks for no account',
    basic: 'a registry that asks for user name and password',
    bearer: 'a registry that gives tokens, to everybody for what is public',
  };
  const what =
    words[authentication as keyof typeof words] ??
    `a registry that asks for a sign-in of the kind "${authentication.slice(0, 30)}"`;
  const list = catalog
    ? 'It lists its repositories.'
    : 'It does not list its repositories: open images by their names.';
  return { access, catalog: catalog ? 'listed' : 'none', text: `${what}. ${list}` };
}
