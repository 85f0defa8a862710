import type { Authorizer } from './auth/authorizer.ts';
import type { TransportOptions } from './http/transportOptions.ts';
import type { RegistryConfig } from './config.ts';

/** Where an image's bytes come from, and how to authenticate there. */
export interface Origin {
  readonly registry: RegistryConfig;
  readonly transport: TransportOptions;
  readonly authorizer: Authorizer;
}
