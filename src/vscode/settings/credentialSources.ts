import { dockerAuthFile, podmanAuthFiles } from '../../registry/auth/authFile.ts';
import type { CredentialSource } from '../../registry/auth/credentials.ts';
import type { Settings } from './settings.ts';

/**
 * Sources of accounts, in order: those signed in with Peel, then those of other tools if the
 * settings allow.
 */
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
