import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLayout, writeLayout } from '../layout.ts';
import type { Content } from '../registry/store.ts';
import { run } from '../run.ts';
import { startProcess, tempFolder } from './process.ts';

/** Debian's containerd with its own store, state and socket. It runs no containers. */
export interface Containerd {
  /**
   * Converts an image's layers to eStargz or zstd:chunked with stargz-snapshotter's `ctr-remote`.
   */
  convert(content: Content, option: '--estargz' | '--zstdchunked' | '--uncompress'): Promise<Content>;
  close(): Promise<void>;
}

/** Plugins that need privileges or kernel modules, which tests don't use. */
const UNUSED = [
  'io.containerd.grpc.v1.cri',
  'io.containerd.internal.v1.opt',
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
];

export async function startContainerd(): Promise<Containerd> {
  const folder = tempFolder('containerd');
  const at = (name: string): string => join(folder.path, name);
  const config = at('config.toml');
  writeFileSync(
    config,
    [
      'version = 2',
      `root = ${JSON.stringify(at('root'))}`,
      `state = ${JSON.stringify(at('state'))}`,
      `disabled_plugins = ${JSON.stringify(UNUSED)}`,
      '[grpc]',
      `address = ${JSON.stringify(at('socket'))}`,
    ].join('\n'),
  );
  const server = await startProcess('containerd', ['--config', config], { ready: /successfully booted/ });
  const images = (...args: readonly string[]): Promise<string> =>
    run('ctr-remote', ['--address', at('socket'), 'images', ...args]);
  return {
    async convert(content, option) {
      const [from, to] = [at('from'), at('to')];
      writeLayout(from, content, 'it');
      await run('tar', ['-C', from, '-cf', at('from.tar'), '.']);
      await images('import', '--no-unpack', '--base-name', 'example.test/image', at('from.tar'));
      await images('convert', option, '--oci', 'example.test/image:it', 'example.test/image:converted');
      await images('export', at('to.tar'), 'example.test/image:converted');
      mkdirSync(to);
      await run('tar', ['-C', to, '-xf', at('to.tar')]);
      return readLayout(to);
    },
    async close() {
      await server.stop();
      folder.remove();
    },
  };
}
