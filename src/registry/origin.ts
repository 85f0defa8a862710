import type { Authorizer } from './auth/authorizer.ts';
import type { TransportOptions } from './http/transportOptions.ts';
import type { RegistryConfig } from './config.ts';
/** Where an image's bytes come from, as plain data and the one who answers for credentials. */
export interface Origin {
  readonly registry: RegistryConfig;
  readonly transport: TransportOptions;
  readonly authorizer: Authorizer;
}
