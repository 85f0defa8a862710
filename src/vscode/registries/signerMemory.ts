import { EventEmitter, type Memento } from 'vscode';
import type { Digest } from '../../oci/digest.ts';
import { isObject } from '../../oci/json.ts';

const KEY = 'signers';
const MOST = 500;

/**
 * Which manifests were verified, and who signed them; shared by all windows and workspaces. A
 * digest never changes, so what was verified once stays true.
 */
export class SignerMemory {
  readonly #memento: Pick<Memento, 'get' | 'update'>;
  readonly #changes = new EventEmitter<void>();
  readonly onDidChange = this.#changes.event;

  constructor(memento: Pick<Memento, 'get' | 'update'>) {
    this.#memento = memento;
  }

  /** Who signed a manifest, as far as the user had it verified. */
  of(digest: Digest | undefined): string | undefined {
    const signer = digest && this.#all()[digest];
    return typeof signer === 'string' ? signer : undefined;
  }

  /** @param signer absent: a later check failed, so nothing is claimed any more */
  async set(digest: Digest, signer: string | undefined): Promise<void> {
    const { [digest]: _old, ...others } = this.#all();
    const known = signer === undefined ? others : { ...others, [digest]: signer };
    await this.#memento.update(KEY, Object.fromEntries(Object.entries(known).slice(-MOST)));
    this.#changes.fire();
  }

  #all(): Readonly<Record<string, unknown>> {
    const kept = this.#memento.get<unknown>(KEY);
    return isObject(kept) ? kept : {};
  }
}
