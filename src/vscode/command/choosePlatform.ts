import { PlatformNotFoundError } from '../../oci/choosePlatform.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Reference } from '../../oci/reference.ts';
import { withNotification } from '../common/progress.ts';
import type { ImageLookup } from '../registries/lookup.ts';
import { askPlatform } from './ask.ts';
import type { Call } from './command.ts';

/**
 * Resolves an image for a platform, or for the default one. If the image lacks it, prompts for one
 * of its platforms; returns `undefined` when the user dismisses that.
 * @throws {PlatformNotFoundError} if not interactive; and what the lookup throws
 */
export async function choosePlatformFor(
  reference: Reference,
  platform: string | undefined,
  lookup: Pick<ImageLookup, 'resolve'>,
  { interactive }: Call,
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
