import { plainText } from '../common/text.ts';

/** What builders put around the command that the author wrote. */
const NOP = /^(?:\/bin\/sh -c|cmd \/S \/C|powershell -Command .*?) #\(nop\)\s*/i;
const BUILD_ARGUMENTS = /^\|\d+\s+.*?(?=\/bin\/|\/usr\/bin\/|cmd \/S|powershell )/;
const SHELL = /^(?:\/usr)?\/bin\/(?:ba|da|a|z|k)?sh(?:\s+-o\s+pipefail)?\s+-[a-z]*c\s+/;
const WINDOWS_SHELL = /^(?:cmd \/S \/C|powershell -Command)\s+/i;
const BUILDKIT = /\s*#\s*buildkit\s*$/;
const INSTRUCTION =
  /^(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\b/i;
const SOURCE_DIGEST = /\b(file|dir|multi):([0-9a-f]{12})[0-9a-f]{20,}/g;

/**
 * Extracts the Dockerfile line that made a layer from the `created_by` of an image's history
 * (image-spec, config.md): without the shell that ran it, the classic builder's `#(nop)`,
 * BuildKit's `# buildkit` and the values of build arguments. Keeps line breaks.
 */
export function instructionOf(createdBy: string): string {
  const text = createdBy.trim().replace(BUILDKIT, '');
  if (NOP.test(text)) return shortSources(text.replace(NOP, ''));
  const isRun = /^RUN\s/i.test(text);
  const command = text.replace(/^RUN\s+/i, '').replace(BUILD_ARGUMENTS, '');
  const bare = command.replace(SHELL, '').replace(WINDOWS_SHELL, '');
  if (isRun || bare !== command || command !== text) return `RUN ${bare.trim()}`;
  if (INSTRUCTION.test(text)) return shortSources(text);
  return text;
}

/**
 * Labels a layer's row: `2 · COPY app /app`, because the command is what users look for; `Layer 2`
 * if it isn't known.
 */
export function layerLabel(number: number, instruction: string): string {
  const command = plainText(instruction);
  return command === '' ? `Layer ${number}` : `${number} · ${command}`;
}

/** `ADD file:<64 hex digits> in /` is just as clear with the first twelve digits. */
function shortSources(text: string): string {
  return text.replace(SOURCE_DIGEST, '$1:$2');
}
