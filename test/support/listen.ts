import http from 'node:http';
import https from 'node:https';

/** What a test server needs for TLS, as PEM strings. */
export interface ServerTls {
  readonly key: string;
  readonly cert: string;
  /** Requires a client certificate signed by this authority. */
  readonly clientCa?: string;
}

/** A server on a port chosen by the system. */
export interface Listening {
  /** Without a trailing slash, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** `address:port`, as written in a reference. */
  readonly host: string;
  readonly port: number;
  /** Closes all connections, including stalled ones, and frees the port. */
  close(): Promise<void>;
}

/** A request as the server saw it. */
export interface LoggedRequest {
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  /** The client's port, which identifies the connection. */
  readonly remotePort: number;
  /** The status of the response; 0 before there is one. */
  status: number;
}

/** Starts an HTTP or HTTPS server on a loopback address. */
export async function listen(
  handler: http.RequestListener,
  options: {
    readonly tls?: ServerTls | undefined;
    readonly address?: string | undefined;
    /** Default: a free one. */
    readonly port?: number | undefined;
  } = {},
): Promise<Listening> {
  const { tls, address = '127.0.0.1' } = options;
  const server = tls
    ? https.createServer(
        {
          key: tls.key,
          cert: tls.cert,
          ...(tls.clientCa ? { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true } : {}),
        },
        handler,
      )
    : http.createServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, address, resolve);
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server has no port');
  const { port } = bound;
  const host = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  return {
    url: `${tls ? 'https' : 'http'}://${host}`,
    host,
    port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Records a request for tests to inspect. */
export function logRequest(request: http.IncomingMessage, log: LoggedRequest[]): LoggedRequest {
  // The target may start with two slashes, which URL would take for a host.
  const target = request.url ?? '/';
  const question = target.indexOf('?');
  const entry: LoggedRequest = {
    method: request.method ?? '',
    path: question < 0 ? target : target.slice(0, question),
    query: new URLSearchParams(question < 0 ? '' : target.slice(question + 1)),
    headers: request.headers,
    remotePort: request.socket.remotePort ?? 0,
    status: 0,
  };
  log.push(entry);
  return entry;
}
