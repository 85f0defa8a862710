import type http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { listen, logRequest, type Listening, type LoggedRequest } from './listen.ts';
import { errorReply, type Reply, sendReply } from './registry/reply.ts';
import { answer } from './registry/routes.ts';
import { RegistryStore, sha256 } from './registry/store.ts';

/** What a registry answers in place of the correct answer; `reset` breaks the connection. */
export type Instead = Reply | 'reset' | undefined;

export interface WritableOptions {
  /** Writes an upload's `Location`. Default: a path with a query. */
  readonly location?: (path: string) => string;
  /** Answers before anything is stored; `body` is what was sent. */
  readonly before?: (request: LoggedRequest, body: Buffer) => Instead;
  /** Changes an answer after the work was done. */
  readonly after?: (request: LoggedRequest) => Instead;
}

/** A registry that stores what is sent to it, with faults. */
export interface WritableRegistry extends Listening {
  readonly store: RegistryStore;
  readonly requests: LoggedRequest[];
}

export async function startWritableRegistry(options: WritableOptions = {}): Promise<WritableRegistry> {
  const store = new RegistryStore();
  const requests: LoggedRequest[] = [];
  const uploads = new Map<string, Buffer>();
  const empty = (status: number, headers: Reply['headers'] = {}): Reply => ({ status, headers, body: Buffer.alloc(0) });
  const location = options.location ?? (path => `${path}?_state=a%2Fb%3D`);

  const work = (request: LoggedRequest, body: Buffer): Reply => {
    const [, repository = '', id = ''] = /^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/.exec(request.path) ?? [];
    const [, name = '', version = ''] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(request.path) ?? [];
    const next = (): Reply['headers'] => ({
      location: location(`/v2/${repository}/blobs/uploads/${id}`),
      range: `0-${Math.max(0, (uploads.get(id)?.length ?? 0) - 1)}`,
    });
    if (request.method === 'PUT' && name) {
      const digest = sha256(body);
      store.putManifest(
        name,
        { mediaType: String(request.headers['content-type']), bytes: body },
        ...(version === digest ? [] : [version]),
      );
      return empty(201, { 'docker-content-digest': digest });
    }
    if (!repository) return answer(store, request, {});
    if (request.method === 'POST') {
      const started = `u${requests.length}`;
      uploads.set(started, Buffer.alloc(0));
      return empty(202, { location: location(`/v2/${repository}/blobs/uploads/${started}`) });
    }
    const has = uploads.get(id);
    if (!has || request.query.get('_state') !== 'a/b=') return errorReply(404, 'BLOB_UPLOAD_UNKNOWN', 'unknown upload');
    uploads.set(id, Buffer.concat([has, body]));
    if (request.method === 'GET') return empty(204, next());
    if (request.method === 'PATCH') return empty(202, next());
    if (request.method === 'DELETE') return uploads.delete(id) ? empty(204) : empty(404);
    const whole = uploads.get(id) ?? body;
    uploads.delete(id);
    if (sha256(whole) !== request.query.get('digest')) return errorReply(400, 'DIGEST_INVALID', 'digest invalid');
    store.putManifest(repository, { mediaType: 'text/plain', bytes: Buffer.from('{}') });
    return empty(201, { 'docker-content-digest': store.putBlob(whole) });
  };

  const serve = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const entry = logRequest(request, requests);
    const body = await buffer(request);
    const reply = options.before?.(entry, body) ?? work(entry, body);
    const last = options.after?.(entry) ?? reply;
    if (reply === 'reset' || last === 'reset') return void request.socket.resetAndDestroy();
    entry.status = last.status;
    await sendReply(last, entry.method, response);
  };
  const server = await listen((request, response) => void serve(request, response).catch(() => response.destroy()));
  return { ...server, store, requests };
}
