import { arch, platform as hostOs } from 'node:os';

/** What a manifest's content runs on (image-spec, image-index.md; GOOS and GOARCH names). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}

/** The text does not name a platform. */
export class InvalidPlatformError extends Error {
  constructor(text: string) {
    super(
      `"${text.slice(0, 100)}" is no platform: write os/architecture or os/architecture/variant, such as linux/arm64 or linux/arm/v7`,
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
  loong64: ['loong64'],
};

const SYSTEMS: Readonly<Record<string, string>> = { macos: 'darwin', win32: 'windows' };

/** The names that the image-spec uses, for the many that people and tools write; arm64's v8 and arm's missing v7 are the defaults, so they are made alike. */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const written = platform.architecture.toLowerCase();
  const [architecture, impliedVariant] = ARCHITECTURES[written] ?? [written];
  const variant = normalizeVariant(architecture, platform.variant?.toLowerCase() || impliedVariant);
  return {
    os: SYSTEMS[os] ?? os,
    architecture,
    ...(variant ? { variant } : {}),
    ...(platform['os.version'] ? { 'os.version': platform['os.version'] } : {}),
    ...(platform['os.features']?.length ? { 'os.features': platform['os.features'] } : {}),
  };
}

function normalizeVariant(architecture: string, variant: string | undefined): string | undefined {
  if (architecture === 'arm64') return variant === 'v8' || variant === '8' ? undefined : variant;
  if (architecture === 'amd64' && variant === 'v1') return undefined;
  if (architecture !== 'arm') return variant;
  return variant === undefined ? 'v7' : /^\d$/.test(variant) ? `v${variant}` : variant;
}

/** Reads `os/architecture[/variant]`, or an architecture alone for linux. @throws {InvalidPlatformError} */
export function parsePlatform(text: string): Platform {
  const parts = text.trim().split('/');
  if (parts.length > 3 || parts.some(part => !/^[A-Za-z0-9_.-]+$/.test(part))) throw new InvalidPlatformError(text);
  const [first = '', second, third] = parts;
  if (second === undefined) return normalizePlatform({ os: 'linux', architecture: first });
  return normalizePlatform({ os: first, architecture: second, ...(third ? { variant: third } : {}) });
}

/** `linux/arm/v7`, and behind it a Windows version when there is one: `windows/amd64 10.0.17763.1`. */
export function formatPlatform(platform: Platform): string {
  const name = [platform.os, platform.architecture, platform.variant].filter(Boolean).join('/');
  return platform['os.version'] ? `${name} ${platform['os.version']}` : name;
}

/** What is taken where nobody says otherwise: this machine's architecture under linux. */
export function defaultPlatform(): Platform {
  return normalizePlatform({ os: hostOs() === 'freebsd' ? 'freebsd' : 'linux', architecture: arch() });
}

/** Older variants that also run where `wanted` runs, best first (containerd's platform defaults). */
const FALLBACK_VARIANTS: Readonly<Record<string, readonly string[]>> = {
  amd64: ['v4', 'v3', 'v2', ''],
  arm: ['v8', 'v7', 'v6', 'v5'],
  arm64: ['v9', ''],
};

/**
 * How well an offered platform serves a wanted one: 0 exactly, higher the older its variant, `undefined` not at all. A wanted platform
 * without a variant takes whatever variant there is, when no exact one is offered.
 */
export function platformDistance(wanted: Platform, offered: Platform): number | undefined {
  const want = normalizePlatform(wanted);
  const offer = normalizePlatform(offered);
  if (want.os !== offer.os || want.architecture !== offer.architecture) return undefined;
  if (want['os.version'] && offer['os.version'] !== want['os.version']) return undefined;
  const wantedVariant = want.variant ?? '';
  const offeredVariant = offer.variant ?? '';
  if (wantedVariant === offeredVariant) return 0;
  const order = FALLBACK_VARIANTS[want.architecture] ?? [];
  const from = order.indexOf(wantedVariant);
  const at = order.indexOf(offeredVariant);
  if (from !== -1 && at > from) return at - from;
  return wantedVariant === '' ? 10 : undefined;
}
