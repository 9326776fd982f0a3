import type { Entity, Id } from '../../entity/entity.ts'

/** The next new id of a type; undefined where its mapping makes none. */
export type NextId = (entity: Entity) => Id | undefined

/**
 * Ids that are the same however often the steps of a transaction are run: the first of a type, its second, and so on. What
 * goes by an id that it was given finds the same one when the transaction is run again.
 *
 * @returns for each run a function that begins with the first.
 */
export function repeatedIds(): () => NextId {
  const made = new Map<string, Id[]>()
  return () => {
    const given = new Map<string, number>()
    return (entity) => {
      if (!entity.newId) return undefined
      const { name } = entity
      const ids = made.get(name) ?? []
      const place = given.get(name) ?? 0
      made.set(name, ids)
      given.set(name, place + 1)
      return (ids[place] ??= entity.newId())
    }
  }
}
