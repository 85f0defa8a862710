import { chmodSync, copyFileSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { staticBusybox } from './demoBase.ts';
import { pushMultiArch, type PushTarget } from './push.ts';
import { run, skopeo } from './run.ts';
import { tempFolder } from './servers/process.ts';
import { findTool } from './tools.ts';

/** The tools that `pushBusybox` needs. */
export const BUSYBOX_TOOLS = ['busybox', 'umoci', 'skopeo', 'unshare'] as const;

/** The names in the image's root, as `ls` shows them. */
export const BUSYBOX_ROOT = ['bin', 'dev', 'etc', 'home', 'root', 'tmp', 'usr', 'var'] as const;

/**
 * Builds `library/busybox` from the system's busybox with umoci, and pushes it with skopeo: `v1`
 * (signed schema 1 with the 32-byte empty layer), `latest` (Docker schema 2), `oci`, `oci-zstd`,
 * and `multi` and `multi-docker` (indexes of amd64 and arm64).
 */
export async function pushBusybox(
  server: PushTarget & { readonly host: string },
  options: {
    readonly user?: string;
    readonly password?: string;
    readonly ca?: string;
    /** Only these tags; indexes need `latest` and `oci`. */
    readonly repository?: string;
  } = {},
): Promise<void> {
  const repository = options.repository ?? 'library/busybox';
  const scratch = tempFolder('busybox');
  try {
    const layout = join(scratch.path, 'layout');
    await buildLayout(layout, join(scratch.path, 'bundle'));
    const certificates = join(scratch.path, 'certs');
    mkdirSync(certificates);
    if (options.ca) writeFileSync(join(certificates, 'ca.crt'), options.ca);
    const common = ['copy', '-q', '--dest-cert-dir', certificates];
    if (!options.ca) common.push('--dest-tls-verify=false');
    if (options.user) common.push('--dest-creds', `${options.user}:${options.password ?? ''}`);
    const push = async (tag: string, format: string, source = `oci:${layout}:latest`): Promise<void> => {
      const target = `docker://${server.host}/${repository}:${tag}`;
      await skopeo([...common, '--format', format, source, target], scratch.path);
    };
    await push('latest', 'v2s2');
    await push('v1', 'v2s1');
    await push('oci', 'oci');
    const zstd = join(scratch.path, 'zstd');
    await skopeo(
      ['copy', '-q', '--dest-compress-format', 'zstd', `oci:${layout}:latest`, `oci:${zstd}:latest`],
      scratch.path,
    );
    await push('oci-zstd', 'oci', `oci:${zstd}:latest`);
    await pushMultiArch(server, repository, 'oci', 'multi', options);
    await pushMultiArch(server, repository, 'latest', 'multi-docker', options);
  } finally {
    scratch.remove();
  }
}

async function buildLayout(layout: string, bundle: string): Promise<void> {
  const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
  await run('umoci', ['init', '--layout', layout]);
  await run('umoci', ['new', '--image', `${layout}:latest`]);
  await run('umoci', ['unpack', ...rootless, '--image', `${layout}:latest`, bundle]);
  fillRoot(join(bundle, 'rootfs'));
  const command = 'ADD busybox.tar.gz / # busybox';
  await run('umoci', ['repack', '--image', `${layout}:latest`, '--history.created_by', command, bundle]);
  const config = ['--config.cmd', 'sh', '--config.env', 'PATH=/bin:/usr/bin', '--history.created_by', 'CMD ["sh"]'];
  await run('umoci', ['config', '--image', `${layout}:latest`, ...config]);
}

function fillRoot(root: string): void {
  const busybox = staticBusybox();
  if (!busybox) throw new Error('no statically linked busybox; on Debian: apt-get install busybox-static');
  for (const folder of [
    'bin',
    'dev',
    'etc',
    'home',
    'root',
    'tmp',
    'usr/bin',
    'usr/sbin',
    'var/spool/mail',
    'var/www',
  ]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  chmodSync(join(root, 'tmp'), 0o1777);
  chmodSync(join(root, 'root'), 0o700);
  const program = join(root, 'bin/busybox');
  copyFileSync(findTool('busybox') ?? '', program);
  chmodSync(program, 0o755);
  for (const name of busybox.applets) linkSync(program, join(root, 'bin', name));
  symlinkSync('../../bin/env', join(root, 'usr/bin/env'));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
}
