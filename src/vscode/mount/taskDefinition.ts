/** What a task does with a pulled image. */
export type TaskAction = 'mount' | 'unmount' | 'shell';

/** The members of a task of type `peel`. */
export interface ImageTask {
  readonly action: TaskAction;
  /** The folder of a pulled image. */
  readonly image: string;
}

/** A task in `tasks.json` lacks something or has it wrong. */
export class InvalidTaskError extends Error {
  constructor(member: string, expected: string) {
    super(`The Peel task has no usable "${member}": it must be ${expected}. Correct it in tasks.json.`);
    this.name = 'InvalidTaskError';
  }
}

/** Checks a definition as it stands in `tasks.json`. @throws {InvalidTaskError} */
export function readTask(definition: Readonly<Record<string, unknown>>): ImageTask {
  const { action, image } = definition;
  if (!isAction(action)) throw new InvalidTaskError('action', '"mount", "unmount" or "shell"');
  if (typeof image !== 'string' || image === '') throw new InvalidTaskError('image', 'the folder of a pulled image');
  return { action, image };
}

function isAction(value: unknown): value is TaskAction {
  return value === 'mount' || value === 'unmount' || value === 'shell';
}
