import { arch, platform as hostOs } from 'node:os';

/** What a manifest's content runs on (image-spec, image-index.md; GOOS and GOARCH names). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}

/** The string doesn't name a platform. */
export class InvalidPlatformError extends Error {
  constructor(text: string) {
    super(
      `"${text.slice(0, 100)}" isn't a platform. Write os/architecture or os/architecture/variant, such as linux/arm64 or linux/arm/v7.`,
    );
    this.name = 'InvalidPlatformError';
  }
}

const ARCHITECTURES: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  x64: ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
  i386: ['386'],
  i686: ['386'],
  ia32: ['386'],
  ppc64el: ['ppc64le'],
};

const SYSTEM_ALIASES: Readonly<Record<string, string>> = { macos: 'darwin', win32: 'windows' };

/** Names that stand for an operating system when written alone (GOOS). */
const SYSTEMS: ReadonlySet<string> = new Set(
  (
    'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 ' +
    'solaris wasip1 windows zos'
  ).split(' '),
);

/**
 * Returns the image-spec's names for the many that people and tools write. arm64's v8 and arm's
 * missing v7 are the defaults, so both spellings become one.
 */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const written = platform.architecture.toLowerCase();
  const [architecture, impliedVariant] = (Object.hasOwn(ARCHITECTURES, written) && ARCHITECTURES[written]) || [written];
  const variant = normalizeVariant(architecture, platform.variant?.toLowerCase() || impliedVariant);
  const version = platform['os.version']?.trim();
  return {
    os: SYSTEM_ALIASES[os] ?? os,
    architecture,
    ...(variant ? { variant } : {}),
    ...(version ? { 'os.version': version } : {}),
    ...(platform['os.features']?.length ? { 'os.features': platform['os.features'] } : {}),
  };
}

function normalizeVariant(architecture: string, variant: string | undefined): string | undefined {
  if (architecture === 'arm64') return variant === 'v8' || variant === '8' ? undefined : variant;
  if (architecture === 'amd64' && variant === 'v1') return undefined;
  if (architecture !== 'arm') return variant;
  return variant === undefined ? 'v7' : /^\d$/.test(variant) ? `v${variant}` : variant;
}

const PART = /^(?:[A-Za-z0-9_.-]|%[0-9A-F]{2})+$/;

/**
 * Reads what {@link formatPlatform} writes: `os/architecture[/variant][ os.version]`. An operating
 * system alone takes this machine's architecture, an architecture alone means Linux. Containerd's
 * `windows(10.0.17763.1)/amd64` is read as well.
 * @throws {InvalidPlatformError}
 */
export function parsePlatform(text: string): Platform {
  const written = /^([^\s/()]+)(?:\(([^()+]*)[^()]*\))?((?:\/[^\s/()]+){0,2})(?:\s([^]*))?$/.exec(text.trim());
  const [, first = '', inner, rest = '', outer] = written ?? [];
  const parts = [first, ...rest.split('/').slice(1)];
  if (!written || !parts.every(part => PART.test(part))) throw new InvalidPlatformError(text);
  const [os = '', architecture, variant] = parts.map(unescapePart);
  const version = inner ?? outer;
  const versioned = version ? { 'os.version': version } : {};
  if (architecture !== undefined) {
    return normalizePlatform({ os, architecture, ...(variant ? { variant } : {}), ...versioned });
  }
  const system = SYSTEM_ALIASES[os.toLowerCase()] ?? os.toLowerCase();
  return normalizePlatform({
    ...(SYSTEMS.has(system) ? { os, architecture: arch() } : { os: 'linux', architecture: os }),
    ...versioned,
  });
}

/**
 * Returns `linux/arm/v7`, followed by the version of the operating system where it is known:
 * `windows/amd64 10.0.17763.1`. {@link parsePlatform} reads it back, whatever a document contains.
 */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  const name = [os, architecture, ...(variant ? [variant] : [])].map(escapePart).join('/');
  const version = platform['os.version']?.trim();
  return version ? `${name} ${version}` : name;
}

function escapePart(part: string): string {
  return part.replaceAll(/[^A-Za-z0-9_.-]/gu, character =>
    [...Buffer.from(character)].map(byte => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
  );
}

function unescapePart(part: string): string {
  const bytes = part.replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Returns the platform taken where none is asked for: this machine's architecture under Linux. */
export function defaultPlatform(): Platform {
  return normalizePlatform({ os: hostOs() === 'freebsd' ? 'freebsd' : 'linux', architecture: arch() });
}

/**
 * Older variants that also run where `wanted` runs, best first (containerd's platform defaults).
 */
const FALLBACK_VARIANTS: Readonly<Record<string, readonly string[]>> = {
  amd64: ['v4', 'v3', 'v2', ''],
  arm: ['v8', 'v7', 'v6', 'v5'],
  arm64: ['v9', ''],
};

/**
 * Returns how well an offered platform serves a wanted one: 0 for an exact match, more for older
 * variants, `undefined` if it doesn't. A wanted platform without a variant takes any variant, as
 * the last choice. A wanted OS version may leave out its last numbers (`10.0.17763`).
 */
export function platformDistance(wanted: Platform, offered: Platform): number | undefined {
  const want = normalizePlatform(wanted);
  const offer = normalizePlatform(offered);
  if (want.os !== offer.os || want.architecture !== offer.architecture) return undefined;
  const version = want['os.version'];
  if (version && !`${offer['os.version'] ?? ''}.`.startsWith(`${version}.`)) return undefined;
  const wantedVariant = want.variant ?? '';
  const offeredVariant = offer.variant ?? '';
  if (wantedVariant === offeredVariant) return 0;
  const order = FALLBACK_VARIANTS[want.architecture] ?? [];
  const from = order.indexOf(wantedVariant);
  const at = order.indexOf(offeredVariant);
  if (from !== -1 && at > from) return at - from;
  return wantedVariant === '' ? 10 : undefined;
}
