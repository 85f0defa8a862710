import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTool } from '../tools.ts';
import { freePort, startProcess, tempFolder } from './process.ts';

/** Debian's squid as an HTTP proxy that also opens tunnels (CONNECT). */
export interface Squid {
  /** For `HTTP_PROXY` and `http.proxy`, without credentials. */
  readonly url: string;
  readonly host: string;
  /**
   * The requests logged so far. Squid logs a request only after the whole response has been sent,
   * or the tunnel has been closed, so a client may look too early.
   */
  requests(): ProxiedRequest[];
  /** Waits until a matching request has been logged. */
  logged(fits: (request: ProxiedRequest) => boolean): Promise<void>;
  close(): Promise<void>;
}

export interface ProxiedRequest {
  readonly method: string;
  readonly status: number;
  readonly target: string;
  readonly user: string;
}

/**
 * @param account Basic proxy authentication; default: none
 * @param names host names that only this proxy knows, and that resolve to loopback
 */
export async function startSquid(
  account?: { readonly user: string; readonly password: string },
  names: readonly string[] = [],
): Promise<Squid> {
  const folder = tempFolder('squid');
  // Squid would drop root's privileges itself, and with them the setting that ends it together with
  // the tests.
  const root = process.getuid?.() === 0;
  const become = root ? ['--reuid', 'proxy', '--regid', 'proxy', '--clear-groups'] : [];
  if (root) chmodSync(folder.path, 0o777);
  const at = (name: string): string => join(folder.path, name);
  const port = await freePort();
  if (account) {
    const tool = findTool('htpasswd') ?? 'htpasswd';
    writeFileSync(
      at('passwd'),
      execFileSync(tool, ['-mbn', account.user, account.password], { encoding: 'utf8' }).trim(),
    );
  }
  writeFileSync(at('hosts'), names.map(name => `127.0.0.1 ${name}\n`).join(''));
  writeFileSync(
    at('squid.conf'),
    `
http_port 127.0.0.1:${port}
visible_hostname localhost
pid_filename none
cache deny all
hosts_file ${at('hosts')}
cache_log ${at('cache.log')}
coredump_dir ${folder.path}
logformat plain %rm %>Hs %ru %un
access_log stdio:${at('access.log')} plain
buffered_logs off
shutdown_lifetime 0 seconds
${account ? `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${at('passwd')}\nauth_param basic realm test-proxy\nauth_param basic children 1\nacl known proxy_auth REQUIRED` : 'acl known src 127.0.0.0/8'}
http_access allow known
http_access deny all
`,
  );
  try {
    const server = await startProcess('squid', ['-N', '-f', at('squid.conf')], { port, become });
    return {
      url: `http://127.0.0.1:${port}`,
      host: `127.0.0.1:${port}`,
      requests: () => parseLog(at('access.log')),
      logged: async fits => {
        const deadline = Date.now() + 10_000;
        while (!parseLog(at('access.log')).some(fits)) {
          if (Date.now() > deadline)
            throw new Error(`squid wrote down only:\n${readFileSync(at('access.log'), 'utf8')}`);
          await sleep(20);
        }
      },
      close: async () => {
        // On SIGTERM it takes its time, even with nothing to save.
        await server.stop('SIGKILL');
        folder.remove();
      },
    };
  } catch (error) {
    const log = existsSync(at('cache.log')) ? readFileSync(at('cache.log'), 'utf8').slice(-2000) : '';
    folder.remove();
    throw new Error(`squid did not start: ${log}`, { cause: error });
  }
}

function parseLog(file: string): ProxiedRequest[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return lines.flatMap(line => {
    const [method, status, target, user] = line.split(' ');
    // A connection without a request, such as the check whether squid listens, is logged as an
    // error.
    return method && target && !target.startsWith('error:')
      ? [{ method, status: Number(status), target, user: user ?? '-' }]
      : [];
  });
}
