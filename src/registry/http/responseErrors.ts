import { type HttpHeaders, headerOf } from './headers.ts';
import { asObjects, asString, isObject } from '../../oci/json.ts';
import { bareMediaType } from '../../oci/mediaTypes.ts';
import {
  ForbiddenError,
  HtmlInsteadError,
  NotFoundError,
  RateLimitedError,
  ServerError,
  UnauthorizedError,
  type RegistryError,
  type Where,
} from '../errors.ts';
import type { HttpResponse } from './exchange.ts';
import { rateLimitOf, formatRateLimit } from './rateLimit.ts';
import { quoteFromServer } from '../redact.ts';
import { retryAfter } from './retry.ts';

/** Bytes of a refusal's body that are read for its reason. */
export const LONGEST_REASON = 64 * 1024;

/** What was asked for, so that a 404 can say what is missing. */
export interface Wanted {
  readonly what: 'manifest' | 'blob' | 'repository' | 'page';
  readonly version?: string;
}

/**
 * Returns the failure of an unsuccessful answer, with the reason in its body (distribution-spec,
 * "Error Codes").
 */
export function responseError(
  response: HttpResponse,
  body: Uint8Array | undefined,
  where: Where,
  fallback?: string,
  wanted?: Wanted,
): RegistryError {
  const { status, headers } = response;
  const at = { ...where, url: where.url ?? response.url };
  const text = new TextDecoder().decode(body ?? new Uint8Array());
  const reason = reasonOf(text, headers);
  const detail = [reason.code, reason.message].filter(Boolean).join(': ') || undefined;
  const isPage = reason.code === undefined && looksLikeHtml(text, headers);
  if (status === 401) return new UnauthorizedError(at, detail);
  if (status === 429 || reason.code === 'TOOMANYREQUESTS') return rateLimited(headers, at, detail);
  if (isPage && (status !== 404 || wanted === undefined)) return new HtmlInsteadError(at, status, titleOf(text));
  if (status === 403) return new ForbiddenError(at, detail);
  // A generic code on a list means that the list isn't served, not that the repository doesn't
  // exist.
  if (status === 404 && wanted && !(wanted.what === 'repository' && reason.code === 'NOT_FOUND')) {
    const what = reason.code === 'NAME_UNKNOWN' ? 'repository' : wanted.what;
    return new NotFoundError(what, wanted.version, at);
  }
  return new ServerError(status, reason.code, reason.message ?? fallback, at);
}

/**
 * Returns the failure of an answer from a storage service that the registry redirected to. It says
 * nothing about the account.
 */
export function storageError(response: HttpResponse, body: Uint8Array | undefined, where: Where): RegistryError {
  const { code, message } = reasonOf(new TextDecoder().decode(body ?? new Uint8Array()), response.headers);
  return new ServerError(response.status, code, message ?? "it is the registry's storage", where);
}

/** Returns whether an answer is an HTML page, by its type or first characters. */
export function looksLikeHtml(text: string, headers: HttpHeaders): boolean {
  const type = bareMediaType(headerOf(headers, 'content-type'));
  return type === 'text/html' || type === 'application/xhtml+xml' || /^\s*(?:<!doctype html|<html)/i.test(text);
}

/** Returns an HTML page's title, shortened. */
export function titleOf(text: string): string | undefined {
  const title = /<title[^>]{0,200}>([^<]{1,500})/i.exec(text)?.[1];
  return title === undefined ? undefined : quoteFromServer(title, 100);
}

function rateLimited(headers: HttpHeaders, where: Where, detail: string | undefined): RateLimitedError {
  const wait = retryAfter(headers);
  const limit = rateLimitOf(headers);
  const details = [limit && formatRateLimit(limit), detail].filter(Boolean).join('; ');
  return new RateLimitedError(where, wait === undefined ? undefined : wait / 1000, limit?.remaining, details);
}

/**
 * Reads `{errors: [{code, message, detail}]}`, the `{error, error_description}`, `{details}` or
 * `{message}` of token servers, a storage service's XML, or plain text.
 */
function reasonOf(text: string, headers: HttpHeaders): { code?: string; message?: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    if (text.trim() === '' || looksLikeHtml(text, headers)) return {};
    const code = /<Code>([^<]{1,100})</.exec(text)?.[1];
    const message = /<Message>([^<]{1,1000})</.exec(text)?.[1] ?? text;
    return { ...(code === undefined ? {} : { code: quoteFromServer(code, 60) }), message: quoteFromServer(message) };
  }
  if (!isObject(json)) return {};
  const first = asObjects(json.errors)[0];
  const code = asString(first?.code) ?? asString(json.code);
  const message =
    asString(first?.message) ??
    asString(json.error_description) ??
    asString(json.details) ??
    asString(json.message) ??
    asString(json.error);
  return {
    ...(code === undefined ? {} : { code: quoteFromServer(code, 60) }),
    ...(message === undefined ? {} : { message: quoteFromServer(message) }),
  };
}
