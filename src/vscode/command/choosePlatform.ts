import { PlatformNotFoundError } from '../../oci/choosePlatform.ts';
import type { Reference } from '../../oci/reference.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { askPlatform } from './ask.ts';
import { withNotification } from '../common/progress.ts';
import type { CommandServices } from '../features.ts';

/**
 * The image for the platform that was asked for or is usual here. When it has nothing for that one, a person chooses among those it has; a program gets
 * the error. `undefined` when the user left the choice. @throws {PlatformNotFoundError} and what the lookup throws
 */
export async function choosePlatformFor(
  reference: Reference,
  platform: string | undefined,
  { lookup, interactive }: CommandServices,
  title: string,
): Promise<ResolvedImage | undefined> {
  const resolve = (wanted: string | undefined): Thenable<ResolvedImage> =>
    withNotification(`${title}: asking the registry…`, signal => lookup.resolve(reference, wanted, signal));
  try {
    return await resolve(platform);
  } catch (error) {
    if (!(error instanceof PlatformNotFoundError) || !interactive || error.available.length === 0) throw error;
    const chosen = await askPlatform(error.available, title);
    return chosen === undefined ? undefined : resolve(chosen);
  }
}
