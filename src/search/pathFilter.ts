import picomatch from 'picomatch';

/**
 * Tells which paths of an image to search, as VS Code's search does: patterns with commas between them, each for files and for folders with all below. A pattern means a name at
 * any depth; one that begins with `/` or `./` begins at the image's root. `include` empty or absent = everything; `exclude` wins.
 */
export function pathFilter(include = '', exclude = ''): (path: string) => boolean {
  const included = matcher(include);
  const excluded = matcher(exclude);
  return path => included?.(path) !== false && excluded?.(path) !== true;
}

function matcher(patterns: string): ((path: string) => boolean) | undefined {
  const globs = split(patterns).flatMap(pattern => {
    const bare = pattern.replace(/^(\.?\/)+/, '').replace(/\/+(\*\*)?$/, '');
    if (bare === '') return ['**'];
    const glob = /^\.?\//.test(pattern) || bare.startsWith('**/') ? bare : `**/${bare}`;
    return [glob, `${glob}/**`];
  });
  return globs.length === 0 ? undefined : picomatch(globs, { dot: true, nonegate: true });
}

/** At commas, but not at those between braces. */
function split(patterns: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const char of patterns) {
    if (char === '{') depth += 1;
    else if (char === '}') depth -= 1;
    if (char === ',' && depth <= 0) parts.push('');
    else parts[parts.length - 1] += char;
  }
  return parts.map(part => part.trim()).filter(part => part !== '');
}
