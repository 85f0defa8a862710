import { digestAlgorithm, digestHex } from '../../oci/digest.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Layer } from '../../oci/layer.ts';
import { isForeignLayer, MANIFEST_ACCEPT } from '../../oci/mediaTypes.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference, wantedVersion } from '../../oci/reference.ts';
import { overlayOptions } from '../../overlay/mountPlan.ts';
import { quote } from '../../overlay/quote.ts';
import { defaultFolderName, layerFileName } from '../images/names.ts';

/** How to access the registry from terminal commands, without any account. */
export interface CurlAccess {
  /** Before `/v2`. */
  readonly url: string;
  readonly insecure: boolean;
  /** A file with the CA certificates. */
  readonly ca?: string;
  /** The registry's authentication challenge; absent if reading needs none. */
  readonly challenge?:
    { readonly scheme: 'basic' } | { readonly scheme: 'bearer'; readonly realm: string; readonly service?: string };
}

/**
 * Writes the steps of a pull and a mount as commands for a POSIX shell: token, manifest, blobs,
 * folders, overlay. With `layer`, only that layer's steps. Everything from a registry is quoted.
 * Accounts are left out; a comment says where they go.
 * @throws {UnquotableTextError} a string from the registry contains control characters
 */
export function curlText(image: ResolvedImage, access: CurlAccess, layer?: Layer): string {
  const layers = layer ? [layer] : image.layers;
  const steps = [
    `# ${formatReference(image.reference)} (${formatPlatform(image.platform)}), manifest ${image.manifestDigest}`,
    ...tokenLines(image, access),
    ...(layer ? [] : manifestLines(image, access)),
    `mkdir -p ${quote(defaultFolderName(image.reference))} && cd ${quote(defaultFolderName(image.reference))}`,
    ...layers.flatMap(each => layerLines(image, access, each)),
    ...(layer ? [] : mountLines(image.layers.length)),
  ];
  return `${steps.join('\n')}\n`;
}

function tokenLines({ reference }: ResolvedImage, { challenge, ...access }: CurlAccess): string[] {
  if (challenge?.scheme === 'basic') {
    return [
      '# The registry requires an account; curl prompts for the password.',
      'printf "User name: "; read -r REGISTRY_USER',
    ];
  }
  if (!challenge) return [];
  const url = new URL(challenge.realm, access.url);
  if (challenge.service !== undefined) url.searchParams.append('service', challenge.service);
  url.searchParams.append('scope', `repository:${reference.repository}:pull`);
  return [
    '# A token for reading this repository. If it is private, add -u USER after curl, which then prompts for the password.',
    `TOKEN=$(curl -fsSL ${flags(access)}${quote(url.href)} | sed -n 's/.*"\\(access_\\)\\{0,1\\}token" *: *"\\([^"]*\\)".*/\\2/p')`,
  ];
}

function manifestLines({ reference, manifestDigest }: ResolvedImage, access: CurlAccess): string[] {
  const { url } = access;
  const accept = `-H ${quote(`Accept: ${MANIFEST_ACCEPT}`)} `;
  const manifest = (version: string): string => quote(`${url}/v2/${reference.repository}/manifests/${version}`);
  const named = wantedVersion(reference);
  return [
    "# The reference's document, and the manifest of this platform.",
    `curl -fsSL ${flags(access)}${authorization(access)}${accept}${manifest(named)}`,
    ...(named === manifestDigest
      ? []
      : [`curl -fsSL ${flags(access)}${authorization(access)}${accept}${manifest(manifestDigest)}`]),
  ];
}

function layerLines({ reference }: ResolvedImage, access: CurlAccess, layer: Layer): string[] {
  const { number, descriptor } = layer;
  const file = quote(layerFileName(layer));
  const foreign = isForeignLayer(descriptor.mediaType) ? descriptor.urls?.[0] : undefined;
  const url = foreign ?? `${access.url}/v2/${reference.repository}/blobs/${descriptor.digest}`;
  const login = foreign === undefined ? authorization(access) : '';
  const sum = `${digestHex(descriptor.digest)}  ${layerFileName(layer)}`;
  return [
    `# Layer ${number}`,
    `curl -fSL ${flags(access)}${login}-o ${file} ${quote(url)}`,
    `echo ${quote(sum)} | ${digestAlgorithm(descriptor.digest)}sum -c`,
    `mkdir -p layers/${number} && sudo tar --numeric-owner -xpf ${file} -C layers/${number}`,
  ];
}

/** Layers mark deletions by `.wh.` files, which the kernel doesn't know. */
function mountLines(layers: number): string[] {
  const options = overlayOptions({ layers, options: { nosuidNodev: true, restoreOwnership: false, userxattr: false } });
  return [
    '# Layers mark deletions as .wh.<name>; the kernel needs devices 0/0 and marked folders instead.',
    `find layers -name .wh..wh..opq -exec sh -c 'for mark; do sudo setfattr -n trusted.overlay.opaque -v y "\${mark%/*}" && sudo rm "$mark"; done' sh {} +`,
    `find layers -name '.wh.*' ! -name '.wh..wh.*' -exec sh -c 'for mark; do sudo mknod "\${mark%/*}/\${mark##*/.wh.}" c 0 0 && sudo rm "$mark"; done' sh {} +`,
    '# The topmost layer comes first.',
    'mkdir -p overlay/upper overlay/work merged && cd layers',
    `sudo mount -t overlay -o ${quote(options)} overlay ../merged`,
    'ls ../merged',
    '# To unmount: sudo umount ../merged',
  ];
}

function flags({ insecure, ca, url }: Omit<CurlAccess, 'challenge'>): string {
  if (!url.startsWith('https:')) return '';
  return `${insecure ? '-k ' : ''}${ca === undefined ? '' : `--cacert ${quote(ca)} `}`;
}

function authorization({ challenge }: CurlAccess): string {
  if (challenge?.scheme === 'basic') return '-u "$REGISTRY_USER" ';
  return challenge ? '-H "Authorization: Bearer $TOKEN" ' : '';
}
