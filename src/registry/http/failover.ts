import type { Logger } from '../../oci/logger.ts';
import { RegistryError } from '../errors.ts';

/** What the mirrors said before the registry itself failed; hung on its failure as `mirrorFailures` for messages and the log. */
export class MirrorsFailed extends Error {
  readonly failures: readonly Error[];
  constructor(failures: readonly Error[]) {
    super(`The mirrors failed as well: ${failures.map(failure => failure.message).join(' ')}`);
    this.name = 'MirrorsFailed';
    this.failures = failures;
  }
}

/**
 * Asks the places in order until one answers. The last one is the registry itself, so its failure is the one that is thrown, with what the
 * mirrors said added to its message. What is no `RegistryError` is thrown at once.
 */
export async function failover<P extends { readonly name: string }, T>(
  places: readonly P[],
  ask: (place: P) => Promise<T>,
  signal: AbortSignal,
  logger: Logger,
): Promise<T> {
  const failures: Error[] = [];
  for (const [at, place] of places.entries()) {
    try {
      return await ask(place);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RegistryError)) throw error;
      if (at === places.length - 1) throw withMirrors(error, failures);
      logger.info(`${place.name} cannot help: ${error.message}`);
      failures.push(error);
    }
  }
  throw new Error('a registry without an address');
}

function withMirrors(error: RegistryError, failures: readonly Error[]): RegistryError {
  if (failures.length === 0) return error;
  error.message += ` (Mirrors: ${failures.map(failure => failure.message).join(' ')})`;
  error.cause ??= new MirrorsFailed(failures);
  return error;
}
