import { dockerAuthFile, podmanAuthFiles } from '../../registry/auth/authFile.ts';
import type { CredentialSource } from '../../registry/auth/credentials.ts';
import type { Settings } from './settings.ts';

/** Where accounts are looked for, in this order: what was signed in with here, then what other tools keep, where the settings let us. */
export function credentialSources(
  own: CredentialSource,
  { dockerConfig, podmanAuth }: Pick<Settings, 'dockerConfig' | 'podmanAuth'>,
  environment: Readonly<Record<string, string | undefined>>,
): readonly CredentialSource[] {
  return [
    own,
    ...(dockerConfig ? [dockerAuthFile(environment)] : []),
    ...(podmanAuth ? podmanAuthFiles(environment) : []),
  ];
}
