import type { Entity } from './entity.ts'

type Named = Pick<Entity, 'name' | 'group'>

/** The name under which a type's flag is kept, locked and moved: its group's, whose types share it, else its own. */
export const flagKeyOf = ({ name, group }: Named): string => group ?? name

/** The types of each flag, by its key, in the order of their names. */
export function flagMembers(entities: readonly Named[]): ReadonlyMap<string, readonly string[]> {
  const byKey = Map.groupBy(entities, flagKeyOf)
  return new Map([...byKey].map(([key, members]) => [key, members.map(({ name }) => name).sort()]))
}
