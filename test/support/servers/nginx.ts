import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from '../privateCa.ts';
import { freePort, startProcess, tempFolder } from './process.ts';

export interface NginxOptions {
  /** The registry's URL, such as `http://127.0.0.1:40123`. */
  readonly upstream: string;
  /** The path in front of `/v2/`, without a trailing slash. Default: Artifactory's form. */
  readonly prefix?: string;
  readonly tls?: Identity;
  /** Leaves `Link` headers as the registry writes them, without the prefix. */
  readonly plainLinks?: boolean;
}

/** An nginx in front of a registry, which it serves under a path prefix. */
export interface Nginx {
  /** Includes the prefix. */
  readonly url: string;
  readonly host: string;
  readonly prefix: string;
  close(): Promise<void>;
}

export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const { upstream, prefix = '/artifactory/api/docker/repo', tls } = options;
  const folder = tempFolder('nginx');
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const scheme = tls ? 'https' : 'http';
  mkdirSync(join(folder.path, 'temp'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const file = join(folder.path, 'nginx.conf');
  writeFileSync(
    file,
    `
daemon off;
master_process off;
pid ${folder.path}/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  ${temporary.map(name => `${name}_temp_path ${folder.path}/temp/${name};`).join('\n  ')}
  map $upstream_http_link $prefixed_link {
    default $upstream_http_link;
    ${options.plainLinks ? '' : `~^<(/v2/.*)$ "<${prefix}$1";`}
  }
  server {
    listen ${host}${tls ? ' ssl' : ''};
    ${tls ? `ssl_certificate ${tls.certFile}; ssl_certificate_key ${tls.keyFile};` : ''}
    client_max_body_size 0;
    location ${prefix}/v2/ {
      proxy_pass ${upstream}/v2/;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_set_header Host ${host};
      proxy_set_header X-Forwarded-Proto ${scheme};
      proxy_redirect ~^(https?://[^/]+)?(/v2/.*)$ ${scheme}://${host}${prefix}$2;
      proxy_hide_header Link;
      add_header Link $prefixed_link always;
    }
    location / { return 404 "<html><body>nothing here</body></html>"; }
  }
}
`,
  );
  try {
    const server = await startProcess('nginx', ['-c', file, '-p', folder.path], { port });
    return {
      url: `${scheme}://${host}${prefix}`,
      host,
      prefix,
      close: async () => {
        await server.stop();
        folder.remove();
      },
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}
