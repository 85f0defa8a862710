import picomatch from 'picomatch';

/**
 * Returns a test for the paths to search, with the rules of VS Code's own search: patterns are
 * separated by commas, and each matches files as well as folders with everything in them. A pattern
 * matches at any depth unless it starts with `/` or `./`, the image's root. An empty `include`
 * matches everything; `exclude` wins.
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

/** Splits at commas, except between braces. */
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
