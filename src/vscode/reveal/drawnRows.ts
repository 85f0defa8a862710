/** Remembers what rows were last drawn from, so that they are redrawn only if they would change. */
export class DrawnRows<Value> {
  /** Serialized for comparison; absent before the first drawing. */
  #drawn: string | undefined;

  /** Loads what is then drawn. If that fails, a failure is drawn. */
  async whileDrawing(ask: () => Promise<Value>): Promise<Value> {
    this.#drawn = UNKNOWN;
    const value = await ask();
    this.#drawn = JSON.stringify(value);
    return value;
  }

  /**
   * True if the rows show something else, or may. Rows that were never drawn show nothing outdated.
   */
  differFrom(now: Value): boolean {
    return this.#drawn !== undefined && this.#drawn !== JSON.stringify(now);
  }
}

/** Not valid JSON, so it equals no value. */
const UNKNOWN = '';
