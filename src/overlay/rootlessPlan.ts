import { checkLayers, lastPart, mountCommand, overlayOptions } from './mountPlan.ts';
import { checkFolder, enter, failWith, makeFolders, makePlan, refuseReadOnly, run } from './plan.ts';
import type { Plan } from './plan.ts';
import { quote, quoteAll } from './quote.ts';
import { cleanChroot } from './shellPlan.ts';

export interface RootlessRequest {
  readonly folder: string;
  /** Their number; `layers/1` is the base. */
  readonly layers: number;
}

export interface NamespaceRequest extends RootlessRequest {
  /**
   * Run the image's own /bin/sh, with the image as its root, instead of the user's shell in
   * `merged`.
   */
  readonly inImage?: boolean;
  /** The PATH of the image's config, for `inImage`. */
  readonly path?: string;
  /** Runs instead of an interactive shell. */
  readonly command?: readonly string[];
}

function prepare(folder: string, layers: number, [change, make]: readonly [string, string]): string[] {
  return [
    enter(folder),
    `mounted "$merged" && ${failWith('already-mounted')}`,
    checkLayers(layers),
    `${run(change)} || ${failWith('no-folder')}`,
    makeFolders(make),
    refuseReadOnly('../overlay'),
  ];
}

function firstLines(folder: string): readonly [string, string] {
  return [`cd ${quote(`${folder}/layers`)}`, 'mkdir -p ../overlay/upper ../overlay/work ../merged'];
}

/**
 * Runs inside the namespace. A failed mount ends it with a code of its own; a shell's code does not
 * matter.
 */
function insideNamespace(request: NamespaceRequest, mount: string): string {
  const begin = `${mount} || exit 98; cd ../merged || exit 98`;
  if (request.inImage === true) return `${begin}; ${cleanChroot('.', request)}`;
  if (request.command !== undefined) return `${begin}; ${quoteAll(request.command)}`;
  return `${begin}; "$0"; exit 0`;
}

/**
 * Plans a terminal in a user and mount namespace of its own (unshare(1)). The user is root only in
 * there and needs no sudo. Only this terminal sees the mount, which ends with it. Files of other
 * owners appear as nobody's.
 * @throws {TooManyLayersError}
 * @throws {InvalidPlanError}
 * @throws {UnquotableTextError}
 */
export function planRootless(request: NamespaceRequest): Plan {
  const folder = checkFolder(request.folder);
  // nosuid and nodev are not needed: a namespace's mounts cannot give more than the namespace has.
  const options = { nosuidNodev: false, restoreOwnership: false, userxattr: true };
  const mount = mountCommand(overlayOptions({ layers: request.layers, options }));
  const line = `unshare -Urm /bin/sh -c ${quote(insideNamespace(request, mount))} "$SHELL"`;
  const first = firstLines(folder);
  return makePlan(
    `${lastPart(folder)}: mount without sudo`,
    [...first, line],
    [
      ...prepare(folder, request.layers, first),
      `command -v unshare >/dev/null || ${failWith('no-namespaces')}`,
      '[ -n "$SHELL" ] || SHELL=/bin/sh',
      request.command === undefined ? 'say "Only this terminal sees the mount. Type exit to end it."' : '',
      `${run(line)}\ncode=$?`,
      `case $code in 98) ${failWith('no-namespaces')} ;; esac`,
      request.inImage === true ? `case $code in 126 | 127) ${failWith('no-shell')} ;; esac` : '',
      request.command === undefined
        ? `[ "$code" -eq 0 ] || ${failWith('no-namespaces')}\nsay "the shell and its mount have ended"`
        : 'exit "$code"',
    ].filter(piece => piece !== ''),
  );
}

/**
 * Plans a mount by fuse-overlayfs, in the background, at `merged`, for the user alone and without
 * sudo. `planUnmount({fuse: true})` ends it.
 * @throws {TooManyLayersError}
 * @throws {InvalidPlanError}
 * @throws {UnquotableTextError}
 */
export function planFuse(request: RootlessRequest): Plan {
  const folder = checkFolder(request.folder);
  const options = overlayOptions({
    layers: request.layers,
    options: { nosuidNodev: true, restoreOwnership: false, userxattr: false },
  });
  const first = firstLines(folder);
  const line = `fuse-overlayfs -o ${quote(options)} ../merged`;
  return makePlan(
    `${lastPart(folder)}: mount with fuse-overlayfs`,
    [...first, line],
    [
      // fuse-overlayfs makes the short names absolute, and then splits the path at colons.
      enter(folder),
      `case $here in *:*) ${failWith('fuse-colon')} ;; esac`,
      ...prepare(folder, request.layers, first),
      `{ command -v fuse-overlayfs && command -v fusermount3; } >/dev/null && [ -e /dev/fuse ] || ${failWith('no-fuse')}`,
      `${run(line)} || ${failWith('no-fuse')}`,
      `mounted "$merged" || ${failWith('no-fuse')}`,
      'say "mounted at $here/merged by fuse-overlayfs"',
    ],
  );
}
