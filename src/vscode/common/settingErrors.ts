/** A setting that cannot be used as it is written. */
export class InvalidSettingError extends Error {
  readonly key: string;
  constructor(key: string, problem: string, options?: ErrorOptions) {
    super(`The setting "peel.${key}" ${problem}. Correct it in the settings.`, options);
    this.name = 'InvalidSettingError';
    this.key = key;
  }
}
