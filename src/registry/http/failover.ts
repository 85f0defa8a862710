import type { Logger } from '../../oci/logger.ts';
import { MismatchError } from '../../oci/mismatchErrors.ts';
import { MirrorsFailedError, RegistryError } from '../errors.ts';

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
      if (!(error instanceof RegistryError || error instanceof MismatchError)) throw error;
      if (at === places.length - 1) throw withMirrors(error, failures);
      logger.info(`${place.name} cannot help: ${error.message}`);
      failures.push(error);
    }
  }
  throw new Error('a registry without an address');
}

function withMirrors(error: Error, failures: readonly Error[]): Error {
  if (failures.length === 0) return error;
  error.message += ` (Mirrors: ${failures.map(failure => failure.message).join(' ')})`;
  error.cause ??= new MirrorsFailedError(failures);
  return error;
}
