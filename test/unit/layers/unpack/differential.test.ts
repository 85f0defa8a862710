import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { suite } from 'node:test';
import { firstOf, requireRoot, requireTool } from '../../../support/tools.ts';
import { compareTrees, readTree } from '../../../support/tree.ts';
import { scratch, unpack } from '../unpacking.ts';

/** Makes a folder with files of every sort, by the system's own tools. */
const MAKE = `
mkdir -p plain/deep/er empty sticky closed && chmod 1777 sticky
for i in $(seq 60); do head -c $((i * 997)) /dev/urandom > plain/f$i; done
head -c 3000000 /dev/urandom > plain/large
touch plain/empty; chmod 0 plain/f1; chmod 444 plain/f2; chown 123:456 plain/f3 plain/deep
ln plain/f4 hard; ln plain/f4 plain/deep/hard2; ln -s ../nowhere dangling; ln -s plain/f5 soft; ln soft hardsoft; chown -h 7:8 soft
truncate -s 40M sparse; printf data | dd of=sparse bs=1 seek=12345678 conv=notrunc status=none
truncate -s 100M hole; printf end >> hole
mkfifo -m 640 pipe; chown 5:6 pipe
long=$(printf 'n%.0s' $(seq 250)); mkdir -p $long/$long; echo long > $long/$long/$long; ln -s $long/$long/$long tolong
touch 'naïve 名前' "$(printf 'latin\\351')" 'new
line' ' -rf' '*' '$(x)'
echo closed > closed/file; chmod 555 closed
touch -d '1969-07-20 20:17:40' plain/f6; touch -d '2099-01-01 12:00:00.123456' plain/f7; touch -d '2001-09-09' plain/deep empty
`;

suite(
  'unpacking does what GNU tar does',
  { skip: firstOf(requireRoot(), requireTool('tar', 'getfattr', 'truncate')) },
  () => {
    for (const options of [
      ['--format=gnu'],
      ['--format=gnu', '--sparse'],
      ['--format=posix'],
      ['--format=posix', '--sparse', '--sparse-version=0.0'],
      ['--format=posix', '--sparse', '--sparse-version=0.1'],
      ['--format=posix', '--sparse', '--sparse-version=1.0'],
      ['--format=posix', '--numeric-owner', '--blocking-factor=1', '--exclude=hole'],
    ]) {
      test(options.join(' '), t => {
        const place = scratch(t);
        const source = join(place, 'source');
        mkdirSync(source);
        execFileSync('bash', ['-ec', MAKE], { cwd: source });
        // A hundred megabytes of zeros are for the formats that do not store it.
        const sparse = options.includes('--sparse') ? [] : ['--exclude=./hole'];
        const archive = join(place, 'archive.tar');
        execFileSync('tar', [...options, ...sparse, '-cf', archive, '-C', source, '.']);
        const truth = join(place, 'truth');
        mkdirSync(truth);
        execFileSync('tar', ['-xpf', archive, '-C', truth, '--numeric-owner', '--warning=no-timestamp']);
        const compressed = execFileSync('gzip', ['-1c', archive], { maxBuffer: 1 << 28 });
        writeFileSync(archive, '');
        const { folder, warnings, sidecar } = unpack(compressed, join(place, '1'));
        assert.deepEqual(warnings, []);
        assert.deepEqual(
          sidecar.entries.map(({ path }) => path),
          [''],
        );
        const [ours, theirs] = [readTree(folder), readTree(truth)];
        assert.ok(theirs.size > 80);
        // Node gives times to the kernel as floating numbers: they differ by less than a
        // microsecond.
        const near = (path: string) => Math.abs((ours.get(path)?.mtime ?? 0) - (theirs.get(path)?.mtime ?? 0)) < 1e-6;
        assert.deepEqual(
          compareTrees(ours, theirs, (path, fact) => fact === 'mtime' && near(path)),
          [],
        );
      });
    }
  },
);
