import { mountState } from '../../overlay/mountState.ts';
import { OverlayUnavailableError } from '../common/errors.ts';

/**
 * Refuses on systems where every task would fail, so that no terminal opens in vain. @throws
 * {OverlayUnavailableError}
 */
export async function requireOverlay(folder: string): Promise<void> {
  const { state } = await mountState(folder);
  if (state === 'unsupported') throw new OverlayUnavailableError(folder, process.platform);
}
