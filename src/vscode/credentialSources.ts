import type { CredentialSource } from '../registry/credentials.ts';
import type { Settings } from './settings.ts';

/** Where accounts are looked for, in this order: what was signed in with here, then what other tools keep, where the settings let us. */
export async function credentialSources(
  own: CredentialSource,
  { dockerConfig, podmanAuth }: Pick<Settings, 'dockerConfig' | 'podmanAuth'>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly CredentialSource[]> {
  const { dockerAuthFile, podmanAuthFiles } = await import('../registry/authFile.ts');
  return [
    own,
    ...(dockerConfig ? [dockerAuthFile(environment)] : []),
    ...(podmanAuth ? podmanAuthFiles(environment) : []),
  ];
}
