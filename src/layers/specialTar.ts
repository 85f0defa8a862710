import { nameBytes } from './tar/byteName.ts';
import { BLOCK } from './tar/tarHeader.ts';

/** What Node.js cannot make, and the system's tar can. Paths are relative. */
export type Special =
  | { readonly kind: 'whiteout'; readonly path: string }
  | { readonly kind: 'fifo'; readonly path: string; readonly mode: number }
  | { readonly kind: 'opaque'; readonly path: string };

/** The mark of a directory that hides what the layers below have in it, for mounts with `userxattr` (Linux, filesystems/overlayfs). */
const OPAQUE_RECORD = Buffer.from('38 SCHILY.xattr.user.overlay.opaque=y\n');

/** An archive, in the form that GNU tar reads, of which it makes these files: whiteouts as devices 0/0. */
export function specialTar(specials: readonly Special[]): Buffer {
  const blocks: Buffer[] = [];
  for (const special of specials) {
    const path = Buffer.concat([Buffer.from('./'), nameBytes(special.path)]);
    if (special.kind === 'opaque')
      blocks.push(header(Buffer.from('x'), 'x', { size: OPAQUE_RECORD.length }), padded(OPAQUE_RECORD));
    if (path.length > 100) {
      const name = Buffer.concat([path, Buffer.alloc(1)]);
      blocks.push(header(Buffer.from('././@LongLink'), 'L', { size: name.length }), padded(name));
    }
    if (special.kind === 'whiteout') blocks.push(header(path, '3', {}));
    else if (special.kind === 'opaque') blocks.push(header(path, '5', { mode: 0o700 }));
    else blocks.push(header(path, '6', { mode: special.mode & 0o777 }));
  }
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header(name: Buffer, flag: string, fields: { mode?: number; size?: number }): Buffer {
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0, 0, 100);
  octal(block, 100, 8, fields.mode ?? 0);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  octal(block, 124, 12, fields.size ?? 0);
  octal(block, 136, 12, 0);
  block.write(flag, 156, 'latin1');
  block.write('ustar  \0', 257, 'latin1');
  octal(block, 329, 8, 0);
  octal(block, 337, 8, 0);
  block.fill(' ', 148, 156);
  octal(
    block,
    148,
    7,
    block.reduce((sum, byte) => sum + byte, 0),
  );
  return block;
}

function octal(block: Buffer, at: number, width: number, value: number): void {
  block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
}

function padded(body: Buffer): Buffer {
  return Buffer.concat([body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)]);
}
