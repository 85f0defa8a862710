import { familiarName, formatReference } from '../../oci/reference.ts';
import { askReference } from '../command/ask.ts';
import { withNotification } from '../common/progress.ts';
import type { RunCommand } from '../commandTable.ts';

/** Finds an image in its registry, keeps its repository among the pinned ones and shows it in the tree. */
export const openImage: RunCommand = async (argument, { lookup, registries, views }) => {
  const reference = await askReference(argument, 'Open Image');
  if (!reference) return undefined;
  // A person who opens an image again wants what its tag points to now.
  lookup.forget();
  const { digest, mediaType } = await withNotification(`Opening ${familiarName(reference)}`, signal =>
    lookup.open(reference, signal),
  );
  await registries.pin(reference.registry, reference.repository);
  await views.revealReference(reference, argument.platform);
  return { reference: formatReference(reference), digest, mediaType };
};
