import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { requireTool } from '../../support/tools.ts';
import { compareTrees, readTree, TREE_TOOLS } from '../../support/tree.ts';

describe('comparing trees', { skip: requireTool(...TREE_TOOLS, 'setfattr', 'mkfifo') }, () => {
  const made: string[] = [];
  after(() => made.forEach(folder => rmSync(folder, { recursive: true })));

  const make = (change: (at: (name: string) => string) => void = () => undefined): string => {
    const folder = mkdtempSync(join(tmpdir(), 'peel-tree-'));
    made.push(folder);
    const at = (name: string): string => join(folder, name);
    mkdirSync(at('sub'));
    writeFileSync(at('sub/new\nline'), 'text');
    writeFileSync(Buffer.concat([Buffer.from(at('not-utf8')), Buffer.from([0xff])]), 'text');
    linkSync(at('sub/new\nline'), at('hard'));
    symlinkSync('nowhere', at('soft'));
    execFileSync('mkfifo', [at('fifo')]);
    execFileSync('setfattr', ['-n', 'user.a', '-v', 'value', at('hard')]);
    change(at);
    return folder;
  };
  const compare = (right: string): string[] =>
    compareTrees(readTree(make()), readTree(right), (_, fact) => fact === 'mtime');

  it('finds no difference between equal trees', () => {
    assert.deepEqual(compare(make()), []);
  });

  it('compares names, types, links, contents and attributes', () => {
    const right = make(at => {
      rmSync(at('soft'));
      symlinkSync('elsewhere', at('soft'));
      rmSync(at('fifo'));
      rmSync(at('hard'));
      writeFileSync(at('hard'), 'text');
      execFileSync('setfattr', ['-x', 'user.a', at('sub/new\nline')]);
    });
    assert.deepEqual(compare(right), [
      'fifo: only on the left',
      'hard: xattrs {"user.a":"0x76616c7565"} <> undefined',
      'soft: linkname "nowhere" <> "elsewhere"',
      'sub/new\nline: sameAs "hard" <> undefined',
      'sub/new\nline: xattrs {"user.a":"0x76616c7565"} <> undefined',
    ]);
  });
});
