import { isAbsolute, join, resolve } from 'node:path';
import * as vscode from 'vscode';
import type { MountState } from '../../overlay/mountState.ts';
import type { ImageFolder } from '../../pull/imageFolder.ts';
import { TASK_TYPE } from '../common/ids.ts';
import { absolutePath, workspaceFolders } from '../common/workspacePaths.ts';
import type { Configuration } from '../settings/configuration.ts';

/** A pulled image's current state on disk. */
export interface ImageOnDisk {
  readonly folder: string;
  /** The content of its peel.json. */
  readonly image: ImageFolder;
  readonly mount: MountState;
}

/** Key of the folders outside the images folders that images were pulled into. */
const ELSEWHERE = 'imageFolders';

/**
 * The images pulled into this workspace's images folders, or from here to elsewhere. Keeps no list:
 * every call reads the disk.
 */
export class PulledImages implements vscode.Disposable {
  readonly #configuration: Configuration;
  readonly #memory: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable;
  /**
   * Created with the first listing: only listed images need watching, and starting a watcher takes
   * the editor a while.
   */
  #watchers: vscode.Disposable | undefined;
  /** Fires when a folder was added, removed, changed, mounted or unmounted. */
  readonly onDidChange = this.#changed.event;

  /** @param memory the workspace's */
  constructor(configuration: Configuration, memory: vscode.Memento) {
    this.#configuration = configuration;
    this.#memory = memory;
    const again = (): void => {
      this.#watchers?.dispose();
      this.#watchers = undefined;
      this.refresh();
    };
    this.#subscriptions = vscode.Disposable.from(
      vscode.workspace.onDidChangeWorkspaceFolders(again),
      configuration.onDidChange(again),
      vscode.tasks.onDidEndTask(({ execution }) => {
        if (execution.task.definition.type === TASK_TYPE) this.refresh();
      }),
      // The kernel doesn't report mounts, so those made in another terminal are noticed when the
      // user returns.
      vscode.window.onDidChangeWindowState(({ focused }) => focused && this.refresh()),
      vscode.window.onDidCloseTerminal(() => this.refresh()),
    );
  }

  async list(): Promise<readonly ImageOnDisk[]> {
    this.#watchers ??= this.#watch();
    const { listImageFolders, readImageFolder } = await import('../../pull/imageFolder.ts');
    const usual = await Promise.all(this.imagesFolders().map(listImageFolders));
    const elsewhere = await Promise.all(
      this.#elsewhere().map(folder => readImageFolder(folder).catch(() => undefined)),
    );
    const byFolder = new Map<string, ImageFolder>();
    for (const image of [...usual.flat(), ...elsewhere]) if (image) byFolder.set(image.folder, image);
    return Promise.all([...byFolder.values()].map(withMount));
  }

  /** Image folders that aren't listed because their description is damaged. */
  async damaged(): Promise<readonly string[]> {
    const { isDamagedFolder, listDamagedFolders } = await import('../../pull/imageFolder.ts');
    const usual = await Promise.all(this.imagesFolders().map(listDamagedFolders));
    const elsewhere = this.#elsewhere();
    const damaged = await Promise.all(elsewhere.map(isDamagedFolder));
    return [...new Set([...usual.flat(), ...elsewhere.filter((_, at) => damaged[at])])];
  }

  /** Reads one image. @throws {NoImageFolderError} {@link DamagedFolderError} */
  async read(folder: string): Promise<ImageOnDisk> {
    const { readImageFolder } = await import('../../pull/imageFolder.ts');
    return withMount(await readImageFolder(absolutePath(folder)));
  }

  /**
   * Where pulls go by default: one folder for each workspace folder on a disk. An absolute setting
   * is the same for all.
   */
  imagesFolders(): readonly string[] {
    const { imagesFolder } = this.#configuration.settings();
    if (isAbsolute(imagesFolder)) return [resolve(imagesFolder)];
    return workspaceFolders().map(folder => join(folder, imagesFolder));
  }

  /** Lists the folder from now on, even outside the images folders. */
  async remember(folder: string): Promise<void> {
    const usual = this.imagesFolders().some(parent => resolve(folder, '..') === parent);
    if (!usual) await this.#memory.update(ELSEWHERE, [...new Set([...this.#elsewhere(), resolve(folder)])]);
    this.refresh();
  }

  /** Makes the views read the images again. */
  refresh(): void {
    this.#changed.fire();
  }

  dispose(): void {
    this.#watchers?.dispose();
    this.#subscriptions.dispose();
    this.#changed.dispose();
  }

  #elsewhere(): readonly string[] {
    const kept = this.#memory.get<unknown>(ELSEWHERE);
    return Array.isArray(kept) ? kept.filter(folder => typeof folder === 'string') : [];
  }

  /**
   * peel.json appears when a pull begins, changes with each layer and disappears with the image.
   */
  #watch(): vscode.Disposable {
    let folders: readonly string[] = [];
    try {
      folders = this.imagesFolders();
    } catch {
      // The list shows an invalid setting's error, and fixing the setting leads here again.
    }
    return vscode.Disposable.from(
      ...folders.flatMap(folder => {
        const pattern = new vscode.RelativePattern(vscode.Uri.file(folder), '*/peel.json');
        const watcher = vscode.workspace.createFileSystemWatcher(pattern);
        const refresh = (): void => this.refresh();
        return [watcher, watcher.onDidCreate(refresh), watcher.onDidChange(refresh), watcher.onDidDelete(refresh)];
      }),
    );
  }
}

async function withMount(image: ImageFolder): Promise<ImageOnDisk> {
  const { mountState } = await import('../../overlay/mountState.ts');
  return { folder: image.folder, image, mount: await mountState(image.folder) };
}
