/**
 * A row's context value, by which menus in package.json tell what fits it: its kind, and behind it those flags that hold, such as
 * `peel.repository+pinned+filtered`.
 */
export function contextValue(kind: string, flags: Readonly<Record<string, boolean>>): string {
  return [kind, ...Object.keys(flags).filter(flag => flags[flag])].join('+');
}
