import { lastPart } from './mountPlan.ts';
import { asRoot, checkFolder, enter, failWith, isRoot, makePlan, needPrivilege, run } from './plan.ts';
import type { Plan } from './plan.ts';
import { quote, quoteAll } from './quote.ts';

export interface RemoveRequest {
  readonly folder: string;
  readonly root?: boolean;
}

/**
 * What Peel makes in an image's folder besides what a mount needs. Everything else in it belongs to
 * the user.
 */
const OTHER_PARTS = ['blobs', 'oci-layout', 'index.json', 'manifest.json', '.peel.lock'];

/**
 * Plans to remove a pulled image that was mounted once. The kernel's `overlay/work/work`, what root
 * wrote into the mount, and restored layers belong to root, so sudo is used, but only for the three
 * folders that can hold such files, and only if they do. peel.json goes last, with the user's own
 * rights, so that an interrupted removal can be repeated. The folder itself goes if nothing else is
 * in it.
 * @throws {InvalidPlanError}
 * @throws {UnquotableTextError}
 */
export function planRemove(request: RemoveRequest): Plan {
  const folder = checkFolder(request.folder);
  const root = request.root ?? isRoot();
  const inside = (names: readonly string[]): string => quoteAll(names.map(name => `${folder}/${name}`));
  const parts = inside(['layers', 'overlay', 'merged']);
  const rootLine = asRoot(root, `rm -rf -- ${parts}`);
  const ownLines = [`rm -rf -- ${parts} ${inside(OTHER_PARTS)}`, `rm -f -- ${inside(['peel.json'])}`];
  const lastLine = `rmdir -- ${quote(folder)}`;
  return makePlan(
    `${lastPart(folder)}: remove`,
    [rootLine, ...ownLines, lastLine],
    [
      enter(folder),
      `[ -f peel.json ] && [ ! -h peel.json ] || ${failWith('no-folder')}`,
      'found=$(below "$(escaped "$here")")',
      `if [ -n "$found" ]; then printf '%s\\n' "$found"; ${failWith('still-mounted')}; fi`,
      // The right over its parent suffices to remove an empty directory, whoever owns it.
      'rmdir overlay/work/work 2>/dev/null',
      'if [ -n "$(find layers overlay merged ! -user "$(id -u)" 2>/dev/null | head -n 1)" ]; then',
      needPrivilege(root, false),
      `${run(rootLine)}\ncode=$?`,
      root ? '' : `[ "$code" -eq 1 ] && ! sudo -n true 2>/dev/null && ${failWith('sudo-refused')}`,
      `[ "$code" -eq 0 ] || ${failWith('remove-failed')}`,
      'else',
      run(`chmod -R u+rwX -- ${parts} 2>/dev/null`),
      'fi',
      'cd /',
      ...ownLines.map(line => `${run(line)} || ${failWith('remove-failed')}`),
      'if [ -n "$(ls -A "$here")" ]; then say "removed the image; other files in $here stay"; exit 0; fi',
      `${run(lastLine)} || ${failWith('remove-failed')}`,
      'say "removed $here"',
    ],
  );
}
