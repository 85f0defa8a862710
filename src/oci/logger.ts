/** The log, such as a `vscode.LogOutputChannel`. Never pass secrets to it. */
export interface Logger {
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
