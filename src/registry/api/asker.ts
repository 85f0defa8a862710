import type { Digest } from '../../oci/digest.ts';
import type { AuthorizationRequest, Authorizer } from '../auth/authorizer.ts';
import type { Endpoint } from '../config.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { LONGEST_REASON, responseError, type Wanted } from '../http/responseErrors.ts';
import type { HttpRequest, Transport } from '../http/transport.ts';

/** One question to a registry's API. */
export interface Question {
  readonly method?: 'GET' | 'HEAD';
  /** Below `/v2/`, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly scope: string;
  readonly repository?: string | undefined;
  readonly wanted?: Wanted | undefined;
  /** Statuses besides 200 that are answers and no failures. */
  readonly accepted?: readonly number[];
}

/** The scope that reading a repository needs (distribution, "Token Scope Documentation"). */
export function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}

/** The path of a blob below `/v2/`. */
export function blobPath(repository: string, digest: Digest): string {
  return `${repository}/blobs/${digest}`;
}

/** An answer and its body, as far as that was read. */
export interface Answer {
  readonly response: HttpResponse;
  readonly body: Uint8Array | undefined;
}

/** A refusal is answered at most twice: with a token, and with a fresh or wider one when that went stale or was too narrow. */
const MOST_REFUSALS = 2;

/** Asks endpoints, answers their challenges, and turns answers without success into failures. */
export class Asker {
  readonly transport: Transport;
  readonly #authorizer: Authorizer;

  constructor(transport: Transport, authorizer: Authorizer) {
    this.transport = transport;
    this.#authorizer = authorizer;
  }

  /** The answer with its body still to be read. @throws {RegistryError} */
  async ask(endpoint: Endpoint, question: Question, signal: AbortSignal): Promise<HttpResponse> {
    const { response } = await this.#authorized(endpoint, question, signal, async request => {
      const head = await this.transport.send(request, signal);
      if (isAnswer(head, question)) return { response: head, body: undefined };
      return { response: head, body: await head.bytes(LONGEST_REASON).catch(() => undefined) };
    });
    return response;
  }

  /** The answer and its whole body; undefined when that is longer than `limit` bytes. @throws {RegistryError} */
  async askForBody(endpoint: Endpoint, question: Question, limit: number, signal: AbortSignal): Promise<Answer> {
    return this.#authorized(endpoint, question, signal, request => this.transport.sendForBody(request, limit, signal));
  }

  async #authorized(
    endpoint: Endpoint,
    question: Question,
    signal: AbortSignal,
    send: (request: HttpRequest) => Promise<Answer>,
  ): Promise<Answer> {
    const request: AuthorizationRequest = { registry: endpoint.name, scope: question.scope, ...withoutName(endpoint) };
    let header = await this.#authorizer.authorization(request, signal);
    for (let refusals = 0; ; refusals++) {
      const answer = await send({ ...httpRequest(endpoint, question), authorization: header });
      const { response, body } = answer;
      if (isAnswer(response, question)) return answer;
      const next =
        refusals < MOST_REFUSALS && isRefusal(response.status, header)
          ? await this.#authorizer.challenged(
              { ...request, status: response.status },
              challengesOf(response),
              header,
              signal,
            )
          : undefined;
      if (next === undefined) {
        const where = { registry: endpoint.name, repository: question.repository, url: response.url };
        throw responseError(response, body, where, undefined, question.wanted);
      }
      header = next;
    }
  }
}

function isAnswer(response: HttpResponse, question: Question): boolean {
  return response.status === 200 || (question.accepted ?? []).includes(response.status);
}

/** Registries that hide what an account is needed for answer 403 or 404 to those who came without. */
function isRefusal(status: number, header: string | undefined): boolean {
  return status === 401 || (header === undefined && (status === 403 || status === 404));
}

function challengesOf(response: HttpResponse): readonly string[] {
  const header = response.headers['www-authenticate'];
  return header === undefined ? [] : typeof header === 'string' ? [header] : header;
}

function withoutName(endpoint: Endpoint): Omit<AuthorizationRequest, 'registry' | 'scope'> {
  const { name: _name, mirrorOf: _mirrorOf, ...rest } = endpoint;
  return rest;
}

/** A mirror is told which registry it stands for, as containerd does. */
function httpRequest(endpoint: Endpoint, question: Question): HttpRequest {
  const source = endpoint.mirrorOf;
  const joint = question.path.includes('?') ? '&' : '?';
  const ns =
    source === undefined || source === new URL(endpoint.url).host ? '' : `${joint}ns=${encodeURIComponent(source)}`;
  return {
    endpoint,
    url: `${endpoint.url}/v2/${question.path}${ns}`,
    ...(question.method === undefined ? {} : { method: question.method }),
    ...(question.headers === undefined ? {} : { headers: question.headers }),
    repository: question.repository,
  };
}
