import { inSlices } from '../browse/formats/slices.ts';
import type { MergedTree } from '../browse/tree/mergedTree.ts';
import { chooseFiles, DPKG_PARTS, type ChosenFile, type ChosenFiles } from './chooseFiles.ts';
import { DamagedDatabaseError } from './os/databaseBytes.ts';
import { readDpkgPart, type OwningPackage } from './os/packageParagraphs.ts';
import { readOsRelease } from './os/osRelease.ts';
import { placePackages, type RecordedPackage } from './os/placePackages.ts';
import { PACKAGE_TYPES, type ImagePackages, type InstalledPackage } from './package.ts';
import type { FileReport } from './packageJob.ts';
import { readFiles, type PackagePorts } from './readFiles.ts';

/** What was read: the content of raw files and the licenses in `copyright` files, by path. */
interface Read {
  readonly raw: ReadonlyMap<string, Buffer>;
  readonly licenses: ReadonlyMap<string, string>;
}

/**
 * Returns what an image, or a layer of it, has installed: its operating system's packages, and
 * those of programming languages that no package of the system brought.
 * @throws what reading a layer throws
 */
export async function readPackages(tree: MergedTree, ports: PackagePorts, signal: AbortSignal): Promise<ImagePackages> {
  const chosen = await chooseFiles(tree, signal);
  const { databases, release, sboms } = chosen;
  const notes = [...chosen.notes, ...unverifiedLayers(chosen)];
  const raw = new Map<string, Buffer>();
  const licenses = new Map<string, string>();
  const packages: InstalledPackage[] = [];
  const onReport = ({ path, layer }: ChosenFile, { finding, raw: bytes, license }: FileReport): void => {
    if (bytes) raw.set(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (license !== undefined) licenses.set(path, license);
    packages.push(...finding.packages.map(one => ({ ...one, path, layer })));
    notes.push(...(finding.notes ?? []).map(note => `${path} ${note}.`));
  };
  await readFiles(chosen, ports, onReport, signal);
  const recorded: RecordedPackage[] = partsOf(raw, chosen);
  for (const { type, path, layer, log, read } of databases) {
    const file = raw.get(path);
    if (!file) continue;
    try {
      const found = await read(file, log === undefined ? undefined : raw.get(log), signal);
      const known = new Set(type === 'dpkg' ? found.map(({ name }) => name) : []);
      for (let at = recorded.length - 1; at >= 0; at--) {
        const part = recorded[at];
        if (part?.type === type && known.has(part.found.name)) recorded.splice(at, 1);
      }
      recorded.push(...found.map(one => ({ type, found: one, path, layer })));
    } catch (error) {
      if (!(error instanceof DamagedDatabaseError)) throw error;
      notes.push(`${path}: ${error.message}`);
    }
  }
  const paths = new Set(packages.map(({ path }) => path));
  const { placed, owned } = await inSlices(placePackages(tree, recorded, { raw, licenses }, paths), signal);
  const os = release === undefined ? undefined : readOsRelease(raw.get(release)?.toString('utf8') ?? '');
  const others = packages.filter(({ path }) => !owned.has(path));
  return { ...(os ? { os } : {}), packages: sorted([...placed, ...others]), sboms, notes };
}

/** Reads the parts of a distroless image. */
function partsOf(raw: Read['raw'], { byLayer }: ChosenFiles): RecordedPackage[] {
  const layers = new Map([...byLayer.values()].flat().map(({ path, layer }) => [path, layer]));
  return [...raw].flatMap(([path, file]) => {
    if (!path.startsWith(DPKG_PARTS) || path.endsWith('.md5sums')) return [];
    const files =
      raw
        .get(`${path}.md5sums`)
        ?.toString('utf8')
        .split('\n')
        .map(line => line.slice(MD5_AND_SPACES)) ?? [];
    const layer = layers.get(path) ?? 0;
    return readDpkgPart(file.toString('utf8')).map(one => ({
      type: 'dpkg' as const,
      found: { ...one, files: files.filter(Boolean) } satisfies OwningPackage,
      path,
      layer,
    }));
  });
}

/** Before each path in a list of checksums. */
const MD5_AND_SPACES = 34;

function unverifiedLayers({ byLayer }: ChosenFiles): string[] {
  return [...byLayer.keys()]
    .filter(({ files }) => files.listing.facts.verified === false)
    .map(({ number }) => `What was read of layer ${number} is not covered by its digest.`);
}

function sorted(packages: readonly InstalledPackage[]): InstalledPackage[] {
  const rank = new Map(PACKAGE_TYPES.map((type, at) => [type, at]));
  return packages.toSorted(
    (one, other) =>
      (rank.get(one.type) ?? 0) - (rank.get(other.type) ?? 0) ||
      compare(one.name, other.name) ||
      compare(one.version, other.version) ||
      compare(one.path, other.path) ||
      compare(one.inside ?? '', other.inside ?? '') ||
      compare(one.arch ?? '', other.arch ?? ''),
  );
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
