import type { Authorizer } from '../../src/registry/auth/authorizer.ts';
import type { Logger } from '../../src/oci/logger.ts';
import type { UnpackLimits } from '../../src/layers/unpack/layerVisitor.ts';
/** The limits that the settings have by default. */
export const DEFAULT_LIMITS: UnpackLimits = { maxBytes: 102_400e6, maxEntries: 2_000_000 };

/** A log that drops everything. */
export const silentLogger: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Authorizes requests without an account. */
export const anonymousAuthorizer: Authorizer = {
  authorization: () => Promise.resolve(undefined),
  challenged: () => Promise.resolve(undefined),
};
