import type { Entity, Id } from '../entity/entity.ts'

/** How the ledger names a record. */
export const keyOf = ({ name }: Pick<Entity, 'name'>, id: Id): string => `${name}/${id}`

/** The id of a record of the type, as text; null where the key is of another type. */
export const idIn = ({ name }: Pick<Entity, 'name'>, key: string): string | null =>
  key.startsWith(`${name}/`) ? key.slice(name.length + 1) : null
