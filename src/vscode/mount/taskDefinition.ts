/** What a task does with a pulled image. */
export type TaskAction = 'mount' | 'unmount' | 'shell';

/** The properties of a task of type `peel`. */
export interface ImageTask {
  readonly action: TaskAction;
  /** The folder of a pulled image. */
  readonly image: string;
}

/** A task in `tasks.json` has a missing or wrong property. */
export class InvalidTaskError extends Error {
  constructor(property: string, expected: string) {
    super(`The Peel task has an invalid "${property}": it must be ${expected}. Correct it in tasks.json.`);
    this.name = 'InvalidTaskError';
  }
}

/** Validates a definition in `tasks.json`. @throws {InvalidTaskError} */
export function readTask(definition: Readonly<Record<string, unknown>>): ImageTask {
  const { action, image } = definition;
  if (!isAction(action)) throw new InvalidTaskError('action', '"mount", "unmount" or "shell"');
  if (typeof image !== 'string' || image === '') throw new InvalidTaskError('image', 'the folder of a pulled image');
  return { action, image };
}

function isAction(value: unknown): value is TaskAction {
  return value === 'mount' || value === 'unmount' || value === 'shell';
}
