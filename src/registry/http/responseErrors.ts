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
import type { HttpHeaders, HttpResponse } from './exchange.ts';
import { rateLimitOf, sayRateLimit } from './rateLimit.ts';
import { quoteFromServer } from '../redact.ts';
import { headerOf, retryAfter } from './retry.ts';

/** The longest body of a refusal that is read for its reason. */
export const LONGEST_REASON = 64 * 1024;

/** What was asked for, so that a 404 can say what is missing. */
export interface Wanted {
  readonly what: 'manifest' | 'blob' | 'repository' | 'page';
  readonly version?: string;
}

/** The failure that an answer without success is, with the reason that its body gives (distribution-spec, "Error Codes"). */
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
  if (status === 404 && wanted) {
    const what = reason.code === 'NAME_UNKNOWN' ? 'repository' : wanted.what;
    return new NotFoundError(what, wanted.version, at);
  }
  return new ServerError(status, reason.code, reason.message ?? fallback, at);
}

/** True for an HTML page, by its type or by its first characters. */
export function looksLikeHtml(text: string, headers: HttpHeaders): boolean {
  const type = bareMediaType(headerOf(headers, 'content-type'));
  return type === 'text/html' || type === 'application/xhtml+xml' || /^\s*(?:<!doctype html|<html)/i.test(text);
}

/** The page's title, cut. */
export function titleOf(text: string): string | undefined {
  const title = /<title[^>]{0,200}>([^<]{1,500})/i.exec(text)?.[1];
  return title === undefined ? undefined : quoteFromServer(title, 100);
}

function rateLimited(headers: HttpHeaders, where: Where, detail: string | undefined): RateLimitedError {
  const wait = retryAfter(headers);
  const limit = rateLimitOf(headers);
  const told = [limit && sayRateLimit(limit), detail].filter(Boolean).join('; ');
  return new RateLimitedError(where, wait === undefined ? undefined : wait / 1000, limit?.remaining, told);
}

/** `{errors: [{code, message, detail}]}`, or the `{error, error_description}`, `{details}`, `{message}` of token servers, or plain text. */
function reasonOf(text: string, headers: HttpHeaders): { code?: string; message?: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    if (text.trim() === '' || looksLikeHtml(text, headers)) return {};
    return { message: quoteFromServer(text) };
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
