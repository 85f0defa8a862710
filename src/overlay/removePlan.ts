import { lastPart } from './mountPlan.ts';
import { asRoot, checkFolder, enter, failWith, isRoot, makePlan, needPrivilege, run } from './plan.ts';
import type { Plan } from './plan.ts';
import { quote, quoteAll } from './quote.ts';

export interface RemoveRequest {
  readonly folder: string;
  readonly root?: boolean;
}

/** What Peel makes in an image's folder, beside what a mount needs. Whatever else lies there is the person's. */
const OTHER_PARTS = ['blobs', 'oci-layout', 'index.json', 'manifest.json', '.peel.lock'];

/**
 * How to remove a pulled image that was mounted once: the kernel's `overlay/work/work`, what root wrote into the mount and what was restored
 * belong to root. sudo is asked only where something does, and only for the three folders that can hold such. peel.json goes last, by the
 * person's own right, so that a removal that was broken off can be tried again; the folder goes when nothing else is in it.
 * @throws {InvalidPlanError} @throws {UnquotableTextError}
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
    `Peel: remove ${lastPart(folder)}`,
    [rootLine, ...ownLines, lastLine],
    [
      enter(folder),
      `[ -f peel.json ] && [ ! -h peel.json ] || ${failWith('no-folder')}`,
      'found=$(below "$(escaped "$here")")',
      `if [ -n "$found" ]; then printf '%s\\n' "$found"; ${failWith('still-mounted')}; fi`,
      // An empty directory goes by the right over its parent, whoever owns it: then nothing here may be root's at all.
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
