import { askReference } from '../command/ask.ts';
import type { RunCommand } from '../commandTable.ts';

/** Opens the manifest as read-only JSON: the index where the reference names one and no platform is given. */
export const showManifest: RunCommand = async (argument, { documents }) => {
  const reference = await askReference(argument, 'Show Manifest');
  return reference && documents.show('manifest', reference, argument.platform);
};
