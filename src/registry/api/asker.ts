import type { Digest } from '../../oci/digest.ts';
import type { AuthorizationRequest, Authorizer } from '../auth/authorizer.ts';
import { writeAccessOf } from '../auth/scope.ts';
import { apiUrl, type Endpoint } from '../config.ts';
import type { HttpResponse, Method } from '../http/exchange.ts';
import { headerValues } from '../http/headers.ts';
import { keepsSecrets } from '../http/redirects.ts';
import { LONGEST_REASON, responseError, storageError, type Wanted } from '../http/responseErrors.ts';
import type { HttpRequest, Transport } from '../http/transport.ts';

/** A request to a registry's API. */
export interface Question extends Pick<HttpRequest, 'body' | 'once' | 'firstByteTimeout'> {
  readonly method?: Method;
  /** Below `/v2/`, with its query; or a whole address that an answer named. */
  readonly path: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly scope: string;
  readonly repository?: string | undefined;
  readonly wanted?: Wanted | undefined;
  /** A refusal of another request, whose challenge to answer at once. */
  readonly refusal?: HttpResponse | undefined;
  /** Statuses that aren't failures. To a GET or HEAD, 200 never is. */
  readonly accepted?: readonly number[];
}

/** Returns the scope for reading a repository (distribution, "Token Scope Documentation"). */
export function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}

/** Returns a blob's path below `/v2/`. */
export function blobPath(repository: string, digest: Digest): string {
  return `${repository}/blobs/${digest}`;
}

/** Returns the question for a blob. */
export function blobQuestion(repository: string, digest: Digest): Question {
  const scope = pullScope(repository);
  return { path: blobPath(repository, digest), scope, repository, wanted: { what: 'blob', version: digest } };
}

/** An answer with its body, if that was read. */
export interface Answer {
  readonly response: HttpResponse;
  readonly body: Uint8Array | undefined;
}

/**
 * Refusals answered for one request: a stale token, one that is too narrow, and a change of the
 * scheme (Harbor's catalog).
 */
const MOST_REFUSALS = 3;

/** Asks endpoints, answers their challenges, and turns unsuccessful answers into failures. */
export class Asker {
  readonly transport: Transport;
  readonly #authorizer: Authorizer;

  constructor(transport: Transport, authorizer: Authorizer) {
    this.transport = transport;
    this.#authorizer = authorizer;
  }

  /** Returns the answer; the caller must read or discard its body. @throws {RegistryError} */
  async ask(endpoint: Endpoint, question: Question, signal: AbortSignal): Promise<HttpResponse> {
    const { response } = await this.#authorized(endpoint, question, signal, async request => {
      const head = await this.transport.send(request, signal);
      if (isAnswer(head, question)) return { response: head, body: undefined };
      return { response: head, body: await head.document(LONGEST_REASON).catch(() => undefined) };
    });
    return response;
  }

  /**
   * Returns the answer with its body as sent; undefined if longer than `limit` bytes.
   * @throws {RegistryError}
   */
  async askForBytes(endpoint: Endpoint, question: Question, limit: number, signal: AbortSignal): Promise<Answer> {
    return this.#authorized(endpoint, question, signal, request => this.transport.sendForBytes(request, limit, signal));
  }

  /**
   * Like {@link askForBytes}, for a document, whose Content-Encoding is undone.
   * @throws {RegistryError}
   */
  async askForDocument(endpoint: Endpoint, question: Question, limit: number, signal: AbortSignal): Promise<Answer> {
    return this.#authorized(endpoint, question, signal, request =>
      this.transport.sendForDocument(request, limit, signal),
    );
  }

  async #authorized(
    endpoint: Endpoint,
    question: Question,
    signal: AbortSignal,
    send: (request: HttpRequest) => Promise<Answer>,
  ): Promise<Answer> {
    const request = authorizationRequest(endpoint, question.scope);
    // Another host's answers say nothing about the account, and it gets no secrets.
    const foreign = question.path instanceof URL && !keepsSecrets(new URL(endpoint.url), question.path);
    let header = foreign ? undefined : await this.#authorizer.authorization(request, signal);
    const { refusal } = question;
    if (header === undefined && refusal && !foreign) {
      const answered = { ...request, status: refusal.status };
      header = await this.#authorizer.challenged(answered, challengesOf(refusal), undefined, signal);
    }
    for (let refusals = 0; ; refusals++) {
      const answer = await send({ ...httpRequest(endpoint, question), authorization: header });
      const { response, body } = answer;
      if (isAnswer(response, question)) return answer;
      const next =
        !foreign && refusals < MOST_REFUSALS && isRefusal(response, header, endpoint)
          ? await this.#authorizer.challenged(
              { ...request, status: response.status },
              challengesOf(response),
              header,
              signal,
            )
          : undefined;
      if (next === undefined) {
        const { repository, scope } = question;
        const where = { registry: endpoint.name, repository, url: response.url, access: writeAccessOf(scope) };
        throw isElsewhere(response, endpoint) && [400, 401, 403, 410].includes(response.status)
          ? storageError(response, body, where)
          : responseError(response, body, where, undefined, question.wanted);
      }
      header = next;
    }
  }
}

function isAnswer(response: HttpResponse, question: Question): boolean {
  const { method = 'GET', accepted = [] } = question;
  return (response.status === 200 && ['GET', 'HEAD'].includes(method)) || accepted.includes(response.status);
}

/**
 * Some registries answer 403 or 404 to hide what an account is needed for. A storage service's
 * refusal isn't one.
 */
function isRefusal(response: HttpResponse, header: string | undefined, endpoint: Endpoint): boolean {
  const { status } = response;
  if (isElsewhere(response, endpoint)) return status === 401 && challengesOf(response).length > 0;
  return status === 401 || (header === undefined && (status === 403 || status === 404));
}

/** Returns whether a redirect led to another host. */
function isElsewhere(response: HttpResponse, endpoint: Endpoint): boolean {
  return new URL(response.url).host !== new URL(endpoint.url).host;
}

function challengesOf(response: HttpResponse): readonly string[] {
  return headerValues(response.headers['www-authenticate']);
}

function authorizationRequest(endpoint: Endpoint, scope: string): AuthorizationRequest {
  const { name, ...rest } = endpoint;
  return { registry: name, scope, ...rest };
}

/** Builds the request. */
function httpRequest(endpoint: Endpoint, question: Question): HttpRequest {
  const { path, method, headers, repository, body, once, firstByteTimeout } = question;
  return {
    endpoint,
    url: path instanceof URL ? path.href : apiUrl(endpoint, path),
    ...(method === undefined ? {} : { method }),
    ...(headers === undefined ? {} : { headers }),
    repository,
    body,
    once,
    firstByteTimeout,
  };
}
