import * as vscode from 'vscode';
import { SECTION, SETTINGS } from '../common/ids.ts';
import { parseRegistries, readSettings, type RegistrySetting, type Settings } from './settings.ts';

/** How VS Code itself reaches the network, from the section `http`. */
export interface EditorNetwork {
  /** Empty where none is set. */
  readonly proxy: string;
  readonly noProxy: readonly string[];
  readonly strictSSL: boolean;
  /** `off`: extensions are to use no proxy. */
  readonly support: string;
}

/** The user's settings as VS Code has them now. Without state: every question reads anew, so nothing here can be out of date. */
export class Configuration implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  /** A setting of Peel, or of how VS Code reaches the network, has another value now. */
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#subscription = vscode.Disposable.from(
      vscode.workspace.onDidChangeConfiguration(event => {
        if (event.affectsConfiguration(SECTION) || event.affectsConfiguration('http')) this.#changed.fire();
      }),
      // Restricted settings of the workspace begin to count.
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

  /** The platform that the user wants by default, if they said. */
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

  /** Puts the entry at the list's end, or in the place of the one with the same name. */
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

  /** The list as it is written at the level that counts, so that a change there is seen. Other levels' lists are not mixed into it. */
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

/** The name that a raw entry stands for; an entry that cannot be read has none, and stays as it is. */
function nameOf(raw: unknown): string | undefined {
  try {
    return parseRegistries([raw])[0]?.name;
  } catch {
    return undefined;
  }
}

/** As people write it: a label stands where the name does, for the name is then the address's own. */
function toSetting({ name, label, insecure, mirrors, ...rest }: RegistrySetting): object {
  return {
    name: label ?? name,
    ...rest,
    ...(insecure ? { insecure } : {}),
    ...(mirrors.length > 0 ? { mirrors } : {}),
  };
}
