import { failWith } from './plan.ts';
import { quote } from './quote.ts';

/** The folder below `layers` that only root may enter, with a twin for each layer that needs one. */
export const OWNED = 'owned';
/** Below `layers`: says that the restoring was done, and which layers have a twin. */
export const RESTORED = 'restored.json';
export const RESTORED_NEW = 'restored.new.json';

/** The archive of a layer's twin, in `layers`, until root has unpacked it. */
export function restoredArchive(layer: number): string {
  return `${layer}.owned.tar`;
}

export interface RestoreSteps {
  /** How many layers there are. */
  readonly layers: number;
  /** Those with an archive for their twin. */
  readonly twins: readonly number[];
  /** User id whose files become root's; 0 when root unpacked the layers. */
  readonly owner: number;
  /** Of the image's root directory, which a mount shows by the attributes of its upper directory. */
  readonly top: { readonly uid: number; readonly gid: number; readonly mode: number };
  /** The twins are there from an earlier try that was broken off behind them. */
  readonly unpacked: boolean;
  readonly sudo: string;
}

/** The lines that restore, run in `layers`. Each can be run again: a restoring that was broken off is done anew, or from the twins on. */
export function restoreLines(steps: RestoreSteps): string[] {
  const { sudo, twins, owner, top } = steps;
  const lines: string[] = [];
  if (!steps.unpacked) {
    lines.push(`${sudo}rm -rf ${OWNED} ${OWNED}.new ${RESTORED}`, `${sudo}mkdir -m 700 ${OWNED}.new`);
    for (const layer of twins) {
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
  if (twins.length > 0) lines.push(`rm -f ${twins.map(restoredArchive).join(' ')}`);
  return lines;
}

/**
 * What must hold before these lines run: the tools are GNU's (others lack `--from` and `--xattrs`), and nothing is mounted in the layers, for
 * chown(1) would go into it.
 */
export function restoreChecks(): string {
  return [
    `{ tar --version | grep -q 'GNU tar' && chown --version | grep -q GNU; } 2>/dev/null || ${failWith('restore-tools')}`,
    'found=$(below "$(escaped "$here")/layers")',
    `if [ -n "$found" ]; then printf '%s\\n' "$found"; ${failWith('restore-failed')}; fi`,
  ].join('\n');
}
