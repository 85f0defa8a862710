import * as vscode from 'vscode';
import { isObject } from '../../oci/json.ts';
import type { Credential, CredentialSource } from '../../registry/auth/credentials.ts';

/** A user name and password as the user entered them. */
export interface Account {
  readonly username: string;
  readonly password: string;
}

const PREFIX = 'registry:';

/**
 * Accounts signed in with Peel, kept in the editor's secret storage: encrypted, and in no settings
 * file.
 */
export class StoredSecrets implements CredentialSource, vscode.Disposable {
  readonly name = 'the accounts signed in with Peel';
  readonly #storage: vscode.SecretStorage;
  readonly #changed = new vscode.EventEmitter<string>();
  readonly #subscription: vscode.Disposable;
  /**
   * Fires with a registry's name when its account was added, changed or removed, here or in another
   * window.
   */
  readonly onDidChange = this.#changed.event;

  constructor(storage: vscode.SecretStorage) {
    this.#storage = storage;
    this.#subscription = storage.onDidChange(({ key }) => {
      if (key.startsWith(PREFIX)) this.#changed.fire(key.slice(PREFIX.length));
    });
  }

  async find(registry: string): Promise<Credential | undefined> {
    return this.account(registry);
  }

  async account(registry: string): Promise<Account | undefined> {
    const text = await this.#storage.get(PREFIX + registry);
    return text === undefined ? undefined : parseAccount(text);
  }

  async keep(registry: string, account: Account): Promise<void> {
    await this.#storage.store(PREFIX + registry, JSON.stringify(account));
  }

  async forget(registry: string): Promise<void> {
    await this.#storage.delete(PREFIX + registry);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

/** Another version of Peel may have stored another format; the user then signs in again. */
function parseAccount(text: string): Account | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) return undefined;
    const { username, password } = value;
    return typeof username === 'string' && typeof password === 'string' ? { username, password } : undefined;
  } catch {
    return undefined;
  }
}
