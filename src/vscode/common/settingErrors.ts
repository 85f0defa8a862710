/** A setting that can't be used as written. */
export class InvalidSettingError extends Error {
  readonly key: string;
  constructor(key: string, problem: string, options?: ErrorOptions) {
    super(`The setting "peel.${key}" ${problem}. Correct it in the settings.`, options);
    this.name = 'InvalidSettingError';
    this.key = key;
  }
}
