import type http from 'node:http';
import { listen, type Listening, logRequest, type LoggedRequest, type ServerTls } from '../listen.ts';
import { type Access, type AccessOptions, guard } from './access.ts';
import { type Fault, type FaultMatch, Faults, type ActiveFault } from './faults.ts';
import { errorReply, jsonReply, type Reply, sendReply } from './reply.ts';
import { answer, blobReply, type RouteOptions } from './routes.ts';
import { RegistryStore } from './store.ts';

export interface RegistryOptions extends Omit<RouteOptions, 'blobLocation'> {
  readonly tls?: ServerTls;
  /** A separate loopback address, such as 127.0.0.2, to be a different host. */
  readonly address?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** A store to share among several servers. */
  readonly store?: RegistryStore;
  /** A path before `/v2/`, such as `/artifactory/api/docker/repo`. */
  readonly pathPrefix?: string;
  /**
   * Redirects blob requests to a second origin that, like S3, answers 400 to an Authorization
   * header.
   */
  readonly redirectBlobs?: boolean;
  /** Who may read; default: everyone. */
  readonly access?: AccessOptions;
}

/** A registry inside this process, for tests and for the demo. */
export interface Registry extends Listening {
  readonly store: RegistryStore;
  /** Every request, in order. */
  readonly requests: LoggedRequest[];
  /** The requests to the second origin of `redirectBlobs`. */
  readonly cdnRequests: LoggedRequest[];
  readonly faults: Faults;
  /** Shorthand for `faults.add`. */
  fault(match: FaultMatch, fault: Fault): ActiveFault;
  /** The highest number of simultaneous requests, including those to the second origin. */
  readonly peak: number;
  /** The token server, if `access` needs one. */
  readonly access: Access;
}

/** Starts an embedded registry on loopback that serves the contents of its `store`. */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const store = options.store ?? new RegistryStore();
  const faults = new Faults();
  const requests: LoggedRequest[] = [];
  const cdnRequests: LoggedRequest[] = [];
  const access = await guard(options.access);
  const load = { now: 0, peak: 0 };
  const cdn = options.redirectBlobs
    ? await listen(
        serve(cdnRequests, load, faults, request => cdnAnswer(store, request)),
        { tls: options.tls },
      )
    : undefined;
  const routes: RouteOptions = {
    ...options,
    blobLocation: cdn && (digest => `${cdn.url}/blob/${digest}?X-Signature=demo&X-Expires=60`),
  };
  const honest = (request: LoggedRequest): Reply => {
    const prefix = options.pathPrefix ?? '';
    // A realm may be relative: tokens then come from the registry's own origin.
    if (access.tokenServer && request.path === '/token') {
      const { status, value } = access.tokenServer.answer(request.query, request.headers.authorization);
      return jsonReply(status, value);
    }
    if (!request.path.startsWith(`${prefix}/v2`)) return errorReply(404, 'NOT_FOUND', 'page not found');
    const inside = { ...request, path: request.path.slice(prefix.length) };
    const reply = access.refuse(inside) ?? answer(store, inside, routes);
    const { link } = reply.headers;
    return typeof link === 'string'
      ? { ...reply, headers: { ...reply.headers, link: link.replace('<', `<${prefix}`) } }
      : reply;
  };
  const server = await listen(serve(requests, load, faults, honest), options);
  access.registryIs(server.url);
  return {
    ...server,
    url: server.url + (options.pathPrefix ?? ''),
    store,
    requests,
    cdnRequests,
    faults,
    fault: (match, fault) => faults.add(match, fault),
    access,
    get peak() {
      return load.peak;
    },
    close: async () => {
      await Promise.all([server.close(), cdn?.close(), access.close()]);
    },
  };
}

function cdnAnswer(store: RegistryStore, request: LoggedRequest): Reply {
  if (request.headers.authorization !== undefined) {
    return errorReply(400, 'InvalidArgument', 'Only one auth mechanism allowed');
  }
  const digest = decodeURIComponent(request.path.slice('/blob/'.length));
  const content = store.blob(digest);
  if (!content) return errorReply(404, 'NoSuchKey', 'The specified key does not exist.');
  return blobReply(
    Buffer.isBuffer(content) ? content : { path: content.path, start: 0, end: content.size },
    digest,
    request,
  );
}

/** Combines the log, the correct reply and the faults into one request handler. */
function serve(
  log: LoggedRequest[],
  load: { now: number; peak: number },
  faults: Faults,
  honest: (request: LoggedRequest) => Reply,
): http.RequestListener {
  const respond = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const entry = logRequest(request, log);
    request.resume();
    const reply = await faults.apply(honest(entry), entry);
    if (response.destroyed) return;
    if (reply.status === 0) return void request.socket.resetAndDestroy();
    if (reply.status < 0) return;
    entry.status = reply.status;
    await sendReply(reply, entry.method, response);
  };
  return (request, response) => {
    load.peak = Math.max(load.peak, ++load.now);
    response.once('close', () => void load.now--);
    response.on('error', () => undefined);
    respond(request, response).catch((error: unknown) => {
      // An error in a test's own fault appears in the test as a 500 with its message.
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  };
}
