import { device, directory, type Entry, fifo, file, hardlink, opaque, pax, symlink, whiteout } from './tar.ts';

/** A hostile image: archives that try to reach outside the folder they are unpacked into. */
export interface Attack {
  readonly name: string;
  /** The contents of its layers, base first. */
  readonly layers: readonly (readonly (Entry | Buffer)[])[];
}

/** What an attack aims at. */
export interface Target {
  /** The victim's folder, absolute; it holds a file `hello`. */
  readonly victim: string;
  /** The last part of the destination's path, for attacks on names that start with it. */
  readonly destinationName: string;
  /** How many folders above the destination the victim's folder is; default 1. */
  readonly depth?: number;
}

const EVIL = 'pwned';

/**
 * Returns every known attack on layer unpackers, each of them small. An unpacker may handle one in
 * any way that leaves the victim unharmed.
 */
export function attacks(target: Target): Attack[] {
  const up = '../'.repeat(target.depth ?? 1);
  const victim = `${up}victim`;
  return [
    ...byName(target, up, victim),
    ...bySymlink(target, up, victim),
    ...byHardlink(target, up, victim),
    ...byWhiteout(victim),
    ...byRoot(victim),
    ...byHeader(victim),
    ...bySpecialFile(victim),
    ...acrossLayers(target, victim),
  ];
}

function one(name: string, ...entries: (Entry | Buffer)[]): Attack {
  return { name, layers: [entries] };
}

function byName({ destinationName, victim: absolute }: Target, up: string, victim: string): Attack[] {
  const names = [
    `${victim}/new`,
    `/${victim}/new`,
    `//${victim}/new`,
    `./${victim}/new`,
    `a/b/../../${victim}/new`,
    `./././${victim}/hello`,
    `${victim}/hello`,
    `${up}${EVIL}`,
    `../${up}${EVIL}`,
    `${up}${destinationName}-evil/secret`,
    `${absolute}/new`,
    `/${absolute}/hello`,
    `..\\victim\\new`,
    `C:\\..\\victim\\new`,
    `...`,
    `..`,
    `../`,
    `../.`,
    `./..`,
  ];
  return names.flatMap(name => [
    one(`a file named ${name}`, file(name, EVIL)),
    one(`a directory named ${name}`, directory(`${name}/`, { mode: 0o777 })),
    one(`a symlink named ${name}`, symlink(name, EVIL)),
    one(`a hard link named ${name}`, file('own', EVIL), hardlink(name, 'own')),
    one(`a FIFO named ${name}`, fifo(name)),
  ]);
}

function bySymlink({ victim: absolute }: Target, up: string, victim: string): Attack[] {
  const targets = [victim, `/${victim}`, absolute, `./${victim}`, `${victim}/`, `x/../${victim}`];
  const through = targets.flatMap(to => [
    one(`a file through a symlink to ${to}`, symlink('link', to), file('link/new', EVIL), file('link/hello', EVIL)),
    one(`folders through a symlink to ${to}`, symlink('link', to), file('link/new/folder/file', EVIL)),
    one(`a mode through a symlink to ${to}`, symlink('link', to), directory('link/', { mode: 0o777, mtime: 1 })),
    one(`a mode by /. through a symlink to ${to}`, symlink('link', to), directory('link/.', { mode: 0o777 })),
    one(`a symlink through a symlink to ${to}`, symlink('link', to), symlink('link/new', EVIL)),
    one(`a replaced file through a symlink to ${to}`, symlink('link', to), directory('link/hello/')),
  ]);
  const files = [`${victim}/hello`, `/${victim}/hello`, `${absolute}/hello`].flatMap(to => [
    one(`a file over a symlink to ${to}`, symlink('link', to), file('link', EVIL)),
    one(`a directory over a symlink to ${to}`, symlink('link', to), directory('link/'), file('link/x', EVIL)),
    one(`a FIFO over a symlink to ${to}`, symlink('link', to), fifo('link')),
  ]);
  return [
    ...through,
    ...files,
    one(
      'a symlink deep inside',
      directory('dir/'),
      symlink('dir/loop', `../${victim}`),
      file('dir/loop/new/file', EVIL),
    ),
    one(
      'a chain of symlinks',
      directory('inner/'),
      symlink('inner/up', '..'),
      symlink('inner/up/escape', victim),
      file('inner/up/escape/new', EVIL),
      file('escape/hello', EVIL),
    ),
    one('two symlinks that end outside together', symlink('a', '.'), symlink('a/b', up), file('b/victim/hello', EVIL)),
    one('a file in a symlink named ..', symlink('..', victim), file('../hello', EVIL)),
    one('an empty symlink target', symlink('link', ''), file('link/x', EVIL)),
    one('a symlink named with a slash at its end', symlink('link/', victim), file('link/new', EVIL)),
    one(
      'a symlink over a directory',
      directory('dir/'),
      file('dir/x', 'x'),
      symlink('dir', victim),
      file('dir/new', EVIL),
    ),
    one(
      'a directory over a symlink',
      symlink('dir', victim),
      directory('dir/', { mode: 0o777 }),
      file('dir/hello', EVIL),
    ),
    one('symlink loops', symlink('a', 'b'), symlink('b', 'a'), file('a/x', EVIL), hardlink('h', 'a/x')),
    one('a symlink in different case', symlink('Link', victim), file('link/hello', EVIL), file('LINK/new', EVIL)),
    one('a symlink in another Unicode form', symlink('\u00e9', victim), file('e\u0301/hello', EVIL)),
  ];
}

function byHardlink({ victim: absolute }: Target, up: string, victim: string): Attack[] {
  const targets = [`${victim}/hello`, `/${victim}/hello`, `${absolute}/hello`, `a/../${victim}/hello`];
  return [
    ...targets.flatMap(to => [
      one(`a hard link to ${to}`, hardlink('link', to)),
      one(`a write through a hard link to ${to}`, hardlink('link', to), file('link', EVIL)),
      one(`a body after a hard link to ${to}`, { ...hardlink('link', to, { mode: 0o777 }), body: EVIL }),
      one(`a hard link to a hard link to ${to}`, hardlink('link', to), hardlink('more', 'link'), file('more', EVIL)),
    ]),
    one('a hard link through a symlink', symlink('dir', victim), hardlink('link', 'dir/hello'), file('link', EVIL)),
    one('a hard link into a symlink', symlink('dir', victim), file('own', EVIL), hardlink('dir/new', 'own')),
    one('a mode through a hard linked symlink', symlink('s', `${victim}/hello`), hardlink('h', 's', { mode: 0o777 })),
    one('a write through a hard linked symlink', symlink('s', `${victim}/hello`), hardlink('h', 's'), file('h', EVIL)),
    one('a hard link to a directory', directory('dir/'), hardlink('link', 'dir')),
    one('a hard link to the folder above', hardlink('link', up)),
    one('a hard link to the root', hardlink('link', '.')),
    one('a hard link to itself', hardlink('link', 'link')),
    one('a hard link to a missing file', hardlink('link', 'nowhere')),
    one('a hard link without a target', hardlink('link', '')),
  ];
}

function byWhiteout(victim: string): Attack[] {
  const named = ['.wh.', '.wh..', '.wh...', '.wh....', 'a/.wh..', 'a/.wh...', '.wh./x', '.wh.../x', `.wh.${victim}`];
  return [
    ...named.map(name => one(`a whiteout named ${name}`, directory('a/'), file('a/b', 'b'), { path: name })),
    one('a whiteout through a symlink', symlink('dir', victim), whiteout('dir/hello')),
    one('an opaque mark through a symlink', symlink('dir', victim), opaque('dir')),
    one('an opaque root', opaque('.')),
    one('a whiteout that is a symlink', symlink('.wh.x', `${victim}/hello`)),
    one('an opaque mark that is a symlink', directory('a/'), symlink('a/.wh..wh..opq', `${victim}/hello`)),
    one('a hard link store of AUFS that is a symlink', symlink('.wh..wh.plnk', victim), file('.wh..wh.plnk/1.2', EVIL)),
    one('a hard link to a whiteout', whiteout('x'), hardlink('link', '.wh.x')),
  ];
}

function byRoot(victim: string): Attack[] {
  return ['.', './', '/', '././', '//'].flatMap(root => [
    one(`a symlink as root, named ${root}`, symlink(root, victim), file('hello', EVIL)),
    one(`a file as root, named ${root}`, file(root, EVIL), file('x', EVIL)),
    one(`a hard link as root, named ${root}`, hardlink(root, `${victim}/hello`), file('x', EVIL)),
    one(`a FIFO as root, named ${root}`, fifo(root)),
    one(
      `the root twice, named ${root}`,
      directory(root, { mode: 0o700 }),
      directory(root, { mode: 0o755 }),
      file('x', 'x'),
    ),
  ]);
}

function byHeader(victim: string): Attack[] {
  const deep = 'd/'.repeat(3000);
  return [
    one('an extended name', file('harmless', EVIL, { pax: { path: `${victim}/new` } })),
    one('an extended link name', { ...symlink('l', 'x'), pax: { linkpath: victim } }, file('l/new', EVIL)),
    one('an extended name of GNU', file(`${'x/../'.repeat(30)}${victim}/new`, EVIL, { format: 'gnu' })),
    one('a global name', pax({ path: `${victim}/new` }, 'g'), file('harmless', EVIL)),
    one('a NUL in an extended name', file('harmless', EVIL, { pax: { path: `ok\0/../${victim}/new` } })),
    one('a NUL in an extended link name', { ...symlink('l', 'x'), pax: { linkpath: `${victim}\0x` } }),
    one('a newline in a name', file(`new\nline`, EVIL)),
    one('an empty name', file('', EVIL)),
    one('a negative size', file('x', EVIL, { size: -1, format: 'gnu' }), file('y', 'y')),
    one('a negative extended size', file('x', EVIL, { pax: { size: '-1' } }), file('y', 'y')),
    one('an excessive size', file('x', EVIL, { pax: { size: '99999999999999999999' } })),
    one('a size that is not a number', file('x', EVIL, { pax: { size: 'NaN' } })),
    one('a size of a directory', { ...directory('x/'), body: EVIL }, file('y', 'y')),
    one(
      'an extended header for an extended header',
      pax({ size: '0' }),
      pax({ path: `${victim}/new` }),
      file('x', EVIL),
    ),
    one('an extended header for nothing', file('x', 'x'), pax({ path: `${victim}/new` })),
    one(
      'a false length in an extended header',
      { path: 'PaxHeaders', flag: 'x', body: '999 path=x\n' },
      file('x', EVIL),
    ),
    one('an unterminated extended header', { path: 'PaxHeaders', flag: 'x', body: '12 path=', size: 2 ** 33 - 1 }),
    one('very deep folders', file(`${deep}x`, EVIL)),
    one('a name too long for any file system', file('n'.repeat(5000), EVIL)),
    one('a symlink target too long', symlink('l', 't'.repeat(5000))),
    one('excessive owner ids', file('x', 'x', { pax: { uid: '99999999999', gid: '-1' } })),
    one('excessive times', file('x', 'x', { pax: { mtime: '1e300' } }), directory('d/', { pax: { mtime: '-9e99' } })),
    one('an excessive mode', file('x', 'x', { mode: 0o7777777 })),
    one('an unknown type', { path: `${victim}/new`, flag: '?', body: EVIL }, file('x', 'x')),
    one('a wrong checksum', file('x', 'x', { checksum: 1 })),
    ...['trusted', 'user'].flatMap(space => [
      one(`a forged opaque mark (${space})`, directory('d/', { xattrs: { [`${space}.overlay.opaque`]: 'y' } })),
      one(`a forged redirect (${space})`, directory('d/', { xattrs: { [`${space}.overlay.redirect`]: `/${victim}` } })),
      one(`a forged metacopy (${space})`, file('x', 'x', { xattrs: { [`${space}.overlay.metacopy`]: '' } })),
    ]),
    one('an attribute with a NUL', file('x', 'x', { xattrs: { 'user.a\0b': 'v' } })),
    one('a security label', file('x', 'x', { xattrs: { 'security.selinux': 'system_u:object_r:shadow_t:s0' } })),
  ];
}

function bySpecialFile(victim: string): Attack[] {
  return [
    one('a device that is a whiteout', device('x', 'char', 0, 0), file('y', 'y')),
    one('a file written into a device', device('x', 'char', 1, 3), file('x', EVIL)),
    one('a file written into a FIFO', fifo('x'), file('x', EVIL)),
    one('a hard link to a FIFO, written to', fifo('x'), hardlink('y', 'x'), file('y', EVIL)),
    one('a folder in a FIFO', fifo('x'), file('x/y', EVIL)),
    one('a folder in a device', device('x', 'block', 7, 0), file('x/y', EVIL)),
    one('an excessive device number', device('x', 'char', 0xffffff, 0xffffff)),
    one('a device in a symlink', symlink('dir', victim), device('dir/new', 'char', 1, 3)),
    one('a FIFO in a symlink', symlink('dir', victim), fifo('dir/new')),
  ];
}

/**
 * Returns attacks on layers applied to one folder: one layer lays a trap, the next one springs it.
 */
function acrossLayers({ victim: absolute }: Target, victim: string): Attack[] {
  return [victim, absolute].flatMap(to => [
    {
      name: `a symlink to ${to} of a lower layer, written through`,
      layers: [[symlink('l', to)], [file('l/hello', EVIL)]],
    },
    {
      name: `a symlink to ${to} of a lower layer, whited out through`,
      layers: [[symlink('l', to)], [whiteout('l/hello')]],
    },
    { name: `a symlink to ${to} of a lower layer, made opaque through`, layers: [[symlink('l', to)], [opaque('l')]] },
    {
      name: `a symlink to ${to} of a lower layer, given a mode`,
      layers: [[symlink('l', to)], [directory('l/', { mode: 0o777 })]],
    },
    {
      name: `a symlink to ${to} of a lower layer, linked through`,
      layers: [[symlink('l', to)], [hardlink('h', 'l/hello'), file('h', EVIL)]],
    },
    {
      name: `a symlink to ${to}/hello of a lower layer, hard linked`,
      layers: [[symlink('l', `${to}/hello`)], [hardlink('h', 'l', { mode: 0o777 })], [file('h', EVIL)]],
    },
    {
      name: `a directory of a lower layer that becomes a symlink to ${to}`,
      layers: [[file('l/hello', 'x')], [symlink('l', to)], [whiteout('l/hello'), file('l/new', EVIL)]],
    },
  ]);
}
