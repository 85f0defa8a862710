/** Knows what rows were last drawn from, so that they are drawn anew only when they would show something else. */
export class DrawnRows<Value> {
  /** As a text that can be compared; absent before the first drawing. */
  #drawn: string | undefined;

  /** Asks for what is then drawn. Where that fails, a failure is drawn. */
  async whileDrawing(ask: () => Promise<Value>): Promise<Value> {
    this.#drawn = UNKNOWN;
    const value = await ask();
    this.#drawn = JSON.stringify(value);
    return value;
  }

  /** True where the rows show something else, or may. What was never drawn shows nothing old. */
  differFrom(now: Value): boolean {
    return this.#drawn !== undefined && this.#drawn !== JSON.stringify(now);
  }
}

/** No value as JSON. */
const UNKNOWN = '';
