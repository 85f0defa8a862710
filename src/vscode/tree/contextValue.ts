/**
 * Builds a row's context value, which the menus in package.json match: its kind, then the flags
 * that are true, as in `peel.repository+pinned+filtered`.
 */
export function contextValue(kind: string, flags: Readonly<Record<string, boolean>>): string {
  return [kind, ...Object.keys(flags).filter(flag => flags[flag])].join('+');
}
