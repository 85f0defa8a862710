import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { suite } from 'node:test';
import { type Special, SpecialMaker } from '../../../../src/layers/unpack/specialFiles.ts';
import { isWhiteout } from '../../../../src/layers/unpack/stackView.ts';
import { firstOf, requireRoot, requireTool } from '../../../support/tools.ts';
import { asUser, scratch } from '../unpacking.ts';

const linux = { skip: firstOf(requireRoot(), requireTool('tar', 'mount', 'unshare')) };

const whiteouts = (...paths: string[]): Special[] => paths.map(path => ({ kind: 'whiteout', path }));

/** A new folder that stands beside its place until it is whole. */
function begin(place: string, name: string): string {
  const folder = join(place, `${name}.partial`);
  mkdirSync(folder);
  return folder;
}

function end(maker: SpecialMaker, folder: string): string {
  const whole = folder.replace(/\.partial$/, '');
  renameSync(folder, whole);
  maker.moved(folder, whole);
  return whole;
}

suite('whiteouts of several layers', linux, () => {
  test('are one file, made once, wherever its folder has gone since', t => {
    const place = scratch(t);
    const maker = new SpecialMaker();
    const first = begin(place, '1');
    assert.deepEqual(maker.make(first, whiteouts('a', 'b')), []);
    const lower = end(maker, first);
    const upper = begin(place, '2');
    assert.deepEqual(maker.make(upper, [...whiteouts('c', 'd'), { kind: 'fifo', path: 'f', mode: 0o600 }]), []);
    const made = lstatSync(`${lower}/a`);
    for (const name of ['c', 'd']) {
      const linked = lstatSync(`${upper}/${name}`);
      assert.ok(isWhiteout(linked));
      assert.equal(linked.ino, made.ino);
    }
    assert.ok(lstatSync(`${upper}/f`).isFIFO());
  });

  test('hide what they name in a mount, though they are links', t => {
    const place = scratch(t);
    const maker = new SpecialMaker();
    const base = join(place, 'base');
    mkdirSync(base);
    for (const name of ['a', 'b', 'c']) writeFileSync(join(base, name), name);
    const middle = begin(place, '1');
    maker.make(middle, whiteouts('a'));
    const lower = end(maker, middle);
    const upper = begin(place, '2');
    maker.make(upper, whiteouts('b'));
    assert.equal(lstatSync(`${upper}/b`).ino, lstatSync(`${lower}/a`).ino);
    const script = 'mount -t overlay overlay -o "userxattr,lowerdir=$1" "$2" && ls "$2"';
    const lowerdir = [upper, lower, base].join(':');
    mkdirSync(join(place, 'merged'));
    const options = ['--mount', '--propagation', 'private', 'sh', '-ec', script, 'sh', lowerdir, join(place, 'merged')];
    assert.equal(execFileSync('unshare', options, { encoding: 'utf8' }), 'c\n');
  });

  test('are made anew where the first one is gone, or is something else by now', t => {
    const place = scratch(t);
    const maker = new SpecialMaker();
    const lower = begin(place, '1');
    maker.make(lower, whiteouts('a'));
    rmSync(join(lower, 'a'));
    const second = begin(place, '2');
    assert.deepEqual(maker.make(second, whiteouts('a')), []);
    assert.ok(isWhiteout(lstatSync(`${second}/a`)));
    rmSync(join(second, 'a'));
    writeFileSync(join(second, 'a'), 'put there by somebody');
    const third = begin(place, '3');
    assert.deepEqual(maker.make(third, whiteouts('a')), []);
    assert.ok(isWhiteout(lstatSync(`${third}/a`)));
  });

  test('a normal user can link them as well', t => {
    const place = scratch(t);
    execFileSync('chmod', ['0777', place]);
    asUser(() => {
      const maker = new SpecialMaker();
      const lower = begin(place, '1');
      if (maker.make(lower, whiteouts('a')).length > 0) return; // Kernels before 5.8 let root alone make them.
      const upper = begin(place, '2');
      assert.deepEqual(maker.make(upper, whiteouts('a')), []);
      assert.equal(lstatSync(`${upper}/a`).ino, lstatSync(`${lower}/a`).ino);
    });
  });
});
