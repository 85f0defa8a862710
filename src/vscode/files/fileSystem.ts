import {
  EventEmitter,
  FilePermission,
  FileSystemError,
  FileType,
  MarkdownString,
  workspace,
  type Disposable,
  type FileStat,
  type FileSystemProvider,
  type Uri,
} from 'vscode';
import type { FileFacts, MergedNode, MergedTree } from '../../browse/tree/mergedTree.ts';
import { shownPath } from '../../browse/tree/shownPath.ts';
import { describeFailure } from '../common/failures.ts';
import { parseFileUri } from '../common/fileLocation.ts';
import { SCHEMES } from '../common/ids.ts';
import type { ImageLookup } from '../registries/lookup.ts';
import type { ImageFiles } from './imageFiles.ts';

/** What an editor can display with ease; larger files must be saved. */
const MAX_BYTES = 50e6;

/** The files of images as a read-only file system: `peel://<image>/<path>` (see fileUri.ts). */
export class ImageFileSystem implements FileSystemProvider {
  readonly #lookup: ImageLookup;
  readonly #files: ImageFiles;
  /** Never fires, because the content of a digest never changes. */
  readonly onDidChangeFile = new EventEmitter<never>().event;

  constructor(lookup: ImageLookup, files: ImageFiles) {
    this.#lookup = lookup;
    this.#files = files;
  }

  register(): Disposable {
    const isReadonly = new MarkdownString(
      "The files of an image can't be changed. Save a copy with *Peel: Save File…*, or pull and mount the image to write into it.",
    );
    return workspace.registerFileSystemProvider(SCHEMES.files, this, { isReadonly, isCaseSensitive: true });
  }

  watch(): Disposable {
    return { dispose: () => undefined };
  }

  stat(uri: Uri): Promise<FileStat> {
    return this.#at(uri, async (tree, node) => {
      const facts = node.facts;
      const time = facts.mtime * 1000;
      const type = await this.#typeAt(tree, uri, facts);
      return { type, ctime: time, mtime: time, size: facts.size, permissions: FilePermission.Readonly };
    });
  }

  readDirectory(uri: Uri): Promise<[string, FileType][]> {
    return this.#at(uri, async (tree, node) => {
      if (!node.isDirectory) throw FileSystemError.FileNotADirectory(uri);
      return [...tree.childrenOf(node).values()].map((child): [string, FileType] => {
        const name = shownPath(child.name);
        const facts = child.facts;
        if (facts.type !== 'symlink') return [name, typeOf(facts)];
        const target = tree.tryFind(child.path);
        return [name, FileType.SymbolicLink | (target ? typeOf(target.facts) : FileType.Unknown)];
      });
    });
  }

  readFile(uri: Uri): Promise<Uint8Array> {
    return this.#at(uri, async (tree, node) => {
      if (node.isDirectory) throw FileSystemError.FileIsADirectory(uri);
      const { readWholeFile } = await import('../../browse/tree/wholeFile.ts');
      return readWholeFile(tree, node, MAX_BYTES, new AbortController().signal);
    });
  }

  createDirectory(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
  writeFile(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
  delete(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
  rename(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  /** A path that ends in a link has the target's type and the link flag. */
  async #typeAt(tree: MergedTree, uri: Uri, facts: FileFacts): Promise<FileType> {
    const link = tree.tryFind(parseFileUri(uri).path, false)?.contentEntry?.type === 'symlink';
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- VS Code defines it as a mask of bits
    return link ? FileType.SymbolicLink | typeOf(facts) : typeOf(facts);
  }

  /** Finds the node that a Uri names, and converts errors to those of file systems. */
  async #at<T>(uri: Uri, work: (tree: MergedTree, node: MergedNode) => Promise<T>): Promise<T> {
    try {
      const { reference, platform, layer, path } = parseFileUri(uri);
      const { signal } = new AbortController();
      const image = await this.#lookup.resolve(reference, platform, signal);
      const one = image.layers.find(({ number }) => number === layer);
      if (layer !== undefined && !one) throw FileSystemError.FileNotFound(uri);
      const tree = one ? await this.#files.layer(image, one, signal) : await this.#files.tree(image, signal);
      const node = tree.tryFind(path);
      if (!node) throw FileSystemError.FileNotFound(uri);
      return await work(tree, node);
    } catch (error) {
      if (error instanceof FileSystemError) throw error;
      throw FileSystemError.Unavailable(describeFailure(error).message);
    }
  }
}

function typeOf({ type }: FileFacts): FileType {
  if (type === 'directory') return FileType.Directory;
  return type === 'file' ? FileType.File : FileType.Unknown;
}
