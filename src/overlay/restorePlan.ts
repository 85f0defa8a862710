import { failWith } from './plan.ts';
import { quote } from './quote.ts';

/**
 * The folder below `layers` that only root may enter, with a restored layer for each that needs
 * one.
 */
export const OWNED = 'owned';
/** Below `layers`: records that owners were restored, and which layers have a restored layer. */
export const RESTORED = 'restored.json';
export const RESTORED_NEW = 'restored.new.json';

/**
 * Returns the name of a restored layer's archive, which is in `layers` until root has unpacked it.
 */
export function restoredArchive(layer: number): string {
  return `${layer}.owned.tar`;
}

export interface RestoreSteps {
  /** The number of layers. */
  readonly layers: number;
  /** Those with an archive to unpack. */
  readonly restored: readonly number[];
  /** User id whose files become root's; 0 if root unpacked the layers. */
  readonly owner: number;
  /** Attributes of the image's root directory; a mount shows its upper directory's. */
  readonly top: { readonly uid: number; readonly gid: number; readonly mode: number };
  /** An interrupted attempt has already unpacked the archives. */
  readonly unpacked: boolean;
  readonly sudo: string;
}

/**
 * Returns the lines that restore, to run in `layers`. Each can be repeated, so an interrupted
 * restore starts over, or after unpacking.
 */
export function restoreLines(steps: RestoreSteps): string[] {
  const { sudo, restored, owner, top } = steps;
  const lines: string[] = [];
  if (!steps.unpacked) {
    lines.push(`${sudo}rm -rf ${OWNED} ${OWNED}.new ${RESTORED}`, `${sudo}mkdir -m 700 ${OWNED}.new`);
    for (const layer of restored) {
      const target = `${OWNED}.new/${layer}`;
      lines.push(
        `${sudo}mkdir ${target}`,
        `${sudo}env LC_ALL=C tar -x -p --numeric-owner --xattrs --xattrs-include=${quote('*')} --warning=no-timestamp -f ${restoredArchive(layer)} -C ${target}`,
      );
    }
    lines.push(`${sudo}mv ${OWNED}.new ${OWNED}`);
  }
  if (owner !== 0) {
    const all = Array.from({ length: steps.layers }, (_, index) => String(index + 1)).join(' ');
    lines.push(`${sudo}chown -hR --from=${owner} 0:0 ${all}`);
  }
  lines.push(
    `${sudo}chown -h ${top.uid}:${top.gid} ../overlay/upper`,
    `${sudo}chmod ${top.mode.toString(8)} ../overlay/upper`,
    `mv ${RESTORED_NEW} ${RESTORED}`,
  );
  if (restored.length > 0) lines.push(`rm -f ${restored.map(restoredArchive).join(' ')}`);
  return lines;
}

/**
 * Checks that the tools are GNU's (others lack `--from` and `--xattrs`), and that nothing is
 * mounted in the layers, which chown(1) would enter.
 */
export function restoreChecks(): string {
  return [
    `{ tar --version | grep -q 'GNU tar' && chown --version | grep -q GNU; } 2>/dev/null || ${failWith('restore-tools')}`,
    'found=$(below "$(escaped "$here")/layers")',
    `if [ -n "$found" ]; then printf '%s\\n' "$found"; ${failWith('restore-failed')}; fi`,
  ].join('\n');
}
