import * as vscode from 'vscode';
import { SECTION, SETTINGS } from '../common/ids.ts';
import { parseRegistries, readSettings, type RegistrySetting, type Settings } from './settings.ts';

/** VS Code's own network settings (section `http`). */
export interface EditorNetwork {
  /** Empty if none is set. */
  readonly proxy: string;
  readonly noProxy: readonly string[];
  readonly strictSSL: boolean;
  /** `off` means that extensions must not use a proxy. */
  readonly support: string;
}

/** The user's current settings. Stateless: each call reads them again, so nothing can be stale. */
export class Configuration implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  /** Fires when a setting of Peel or of VS Code's network has changed. */
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#subscription = vscode.Disposable.from(
      vscode.workspace.onDidChangeConfiguration(event => {
        if (event.affectsConfiguration(SECTION) || event.affectsConfiguration('http')) this.#changed.fire();
      }),
      // Restricted settings of the workspace now take effect.
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire()),
    );
  }

  /** @throws {InvalidSettingError} */
  settings(): Settings {
    const section = vscode.workspace.getConfiguration(SECTION);
    return readSettings(key => section.get(key));
  }

  /** @throws {InvalidSettingError} */
  registries(): readonly RegistrySetting[] {
    return parseRegistries(vscode.workspace.getConfiguration(SECTION).get(SETTINGS.registries));
  }

  /** Names of the registries that the user's own settings list, whatever the workspace's list. */
  userRegistries(): readonly string[] {
    const levels = vscode.workspace.getConfiguration(SECTION).inspect<unknown[]>(SETTINGS.registries);
    const list = levels?.globalValue ?? levels?.defaultValue;
    return (Array.isArray(list) ? list : []).flatMap(raw => nameOf(raw) ?? []);
  }

  /** Whether a setting that turns something on or off is on. */
  isOn(key: string): boolean {
    return vscode.workspace.getConfiguration(SECTION).get(key) === true;
  }

  /** The user's default platform, if set. */
  platform(): string | undefined {
    return vscode.workspace.getConfiguration(SECTION).get<string>(SETTINGS.platform)?.trim() || undefined;
  }

  network(): EditorNetwork {
    const http = vscode.workspace.getConfiguration('http');
    return {
      proxy: http.get<string>('proxy') ?? '',
      noProxy: http.get<string[]>('noProxy') ?? [],
      strictSSL: http.get<boolean>('proxyStrictSSL') ?? true,
      support: http.get<string>('proxySupport') ?? 'override',
    };
  }

  /** Appends the entry, or replaces the one of the same name. */
  async addRegistry(entry: RegistrySetting): Promise<void> {
    const { list, target } = this.#writable();
    const at = list.findIndex(raw => nameOf(raw) === entry.name);
    if (at === -1) list.push(toSetting(entry));
    else list[at] = toSetting(entry);
    await this.#write(list, target);
  }

  async removeRegistry(name: string): Promise<void> {
    const { list, target } = this.#writable();
    await this.#write(
      list.filter(raw => nameOf(raw) !== name),
      target,
    );
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  /**
   * The list at the level that takes effect, so that a change there is visible. Lists of other
   * levels aren't mixed into it.
   */
  #writable(): { list: unknown[]; target: vscode.ConfigurationTarget } {
    const section = vscode.workspace.getConfiguration(SECTION);
    const levels = section.inspect<unknown[]>(SETTINGS.registries);
    const inWorkspace = vscode.workspace.isTrusted && levels?.workspaceValue !== undefined;
    const value = inWorkspace ? levels.workspaceValue : (levels?.globalValue ?? levels?.defaultValue);
    return {
      list: Array.isArray(value) ? [...value] : [],
      target: inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global,
    };
  }

  async #write(list: readonly unknown[], target: vscode.ConfigurationTarget): Promise<void> {
    await vscode.workspace.getConfiguration(SECTION).update(SETTINGS.registries, list, target);
  }
}

/** The name that a raw entry stands for; an invalid entry has none, and is left alone. */
function nameOf(raw: unknown): string | undefined {
  try {
    return parseRegistries([raw])[0]?.name;
  } catch {
    return undefined;
  }
}

/**
 * Writes an entry as a user would: with the label as its name, since the name then follows from the
 * address.
 */
function toSetting({ name, label, insecure, mirrors, ...rest }: RegistrySetting): object {
  return {
    name: label ?? name,
    ...rest,
    ...(insecure ? { insecure } : {}),
    ...(mirrors.length > 0 ? { mirrors } : {}),
  };
}
