/**
 * Extracts the reference from what people paste: a pull command, a Dockerfile's FROM, a `docker://`
 * address, or the URL of a registry or web page. Returns anything else trimmed, for the grammar to
 * check.
 */
export function unwrapPasted(text: string): string {
  const trimmed = stripQuotes(text.trim());
  const word = fromCommand(trimmed);
  const transport = /^(?:docker|oci|containers-storage):\/\//i.exec(word);
  if (transport) return word.slice(transport[0].length);
  return /^https?:\/\//i.test(word) ? fromUrl(word) : word;
}

/** Options of pull commands whose value is the next word. */
const VALUED =
  /^(?:--(?:platform|arch|os|variant|creds|username|password|authfile|cert-dir|tls-verify|policy|user|snapshotter|namespace|format)|-u|-n)$/;

function fromCommand(text: string): string {
  const words = text.split(/\s+/);
  if (words.length < 2) return text;
  const verb = words.findIndex(word => /^(?:pull|from|image:)$/i.test(word));
  if (verb < 0) return text;
  for (let i = verb + 1; i < words.length; i++) {
    const word = words[i] ?? '';
    if (VALUED.test(word)) i++;
    else if (!word.startsWith('-')) return stripQuotes(word);
  }
  return text;
}

function stripQuotes(text: string): string {
  return /^(["'`]).*\1$/s.test(text) ? text.slice(1, -1).trim() : text;
}

function fromUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return text;
  }
  const path = safeDecode(url.pathname).replace(/^\/+|\/+$/g, '');
  const page = PAGES[url.hostname];
  const found =
    page?.(url.pathname.split('/').filter(Boolean).map(safeDecode), url.searchParams) ?? fromApi(url.host, path);
  return found ?? `${url.host}/${path}`;
}

/**
 * Reads `…/v2/<name>/manifests/<reference>` and the like; a prefix before `/v2/` isn't part of the
 * reference.
 */
function fromApi(host: string, path: string): string | undefined {
  const parts = /^(?:.*\/)?v2\/(.+)\/(?:(manifests)\/([^/]+)|blobs\/[^/]+|tags\/list|referrers\/[^/]+)$/.exec(path);
  const name = parts?.[1];
  if (name === undefined) return undefined;
  return `${host}/${name}${parts?.[2] === undefined ? '' : asVersion(parts[3])}`;
}

type Page = (path: readonly string[], query: URLSearchParams) => string | undefined;

/** Web pages that show images, by host. */
const PAGES: Readonly<Record<string, Page>> = {
  'hub.docker.com': hubPage,
  'www.docker.com': hubPage,
  'quay.io': ([kind, owner, name], query) => {
    if (kind !== 'repository' || owner === undefined || name === undefined) return undefined;
    return `quay.io/${owner}/${name}${asVersion(query.get('tag') ?? undefined)}`;
  },
  'github.com': path => {
    const at = path.indexOf('container');
    const owner = path[0] === 'orgs' || path[0] === 'users' ? path[1] : path[0];
    const name = path[at + 1] === 'package' ? path[at + 2] : path[at + 1];
    return at < 0 || owner === undefined || name === undefined ? undefined : `ghcr.io/${owner}/${name}`;
  },
  'gallery.ecr.aws': ([alias, ...name]) =>
    alias === undefined || name.length === 0 ? undefined : `public.ecr.aws/${alias}/${name.join('/')}`,
};

/**
 * `/_/name`, `/r/owner/name[/tags]`, `/layers/owner/name/tag/…`, `/repository/docker/owner/name`.
 */
function hubPage(path: readonly string[]): string | undefined {
  const [kind, first, second, third] = path[0] === 'repository' ? ['r', ...path.slice(2)] : path;
  if (first === undefined) return undefined;
  if (kind === '_') return `docker.io/library/${first}`;
  if (second === undefined) return undefined;
  if (kind === 'r') return `docker.io/${first}/${second}`;
  return kind === 'layers' ? `docker.io/${first}/${second}${asVersion(third)}` : undefined;
}

function asVersion(version: string | undefined): string {
  if (version === undefined || version === '') return '';
  return version.includes(':') ? `@${version}` : `:${version}`;
}

function safeDecode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
