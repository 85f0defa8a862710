import type { Logger } from '../../oci/logger.ts';
import { MismatchError } from '../../oci/mismatchErrors.ts';
import { MirrorsFailedError, RegistryError } from '../errors.ts';

/**
 * Asks the places in order until one answers. The last one is the registry itself: its failure is
 * thrown, with the mirrors' failures added to its message. Errors that aren't the place's fault end
 * the search.
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
      logger.info(`Asking the next place after ${place.name}: ${error.message}`);
      failures.push(error);
    }
  }
  throw new Error('a registry has no address');
}

function withMirrors(error: Error, failures: readonly Error[]): Error {
  if (failures.length === 0) return error;
  error.message += ` (Mirrors: ${failures.map(failure => failure.message).join(' ')})`;
  error.cause ??= new MirrorsFailedError(failures);
  return error;
}
