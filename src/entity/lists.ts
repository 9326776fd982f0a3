import { isPlainObject } from '../util/json.ts'

/** Members of a record, or of an object in it. */
export type Members = Readonly<Record<string, unknown>>

function checked(list: unknown) {
  if (!Array.isArray(list)) throw new TypeError(`a record holds ${typeof list} where its mapping has a list`)
  return list
}

/** What becomes of a leaf's value, or of each element where the leaf is a list. @throws TypeError for a record that no codec makes. */
export const mapValue = <T>(leaf: { readonly list: string }, value: unknown, map: (value: unknown) => T): T | T[] =>
  leaf.list === 'none' ? map(value) : checked(value).map((element) => map(element))

/** A list of a record; null where it has none. @throws TypeError likewise. */
export const listOf = (value: unknown): readonly unknown[] | null =>
  value === null || value === undefined ? null : checked(value)

/** A list of objects, likewise. */
export const objectsOf = (value: unknown): readonly Members[] | null =>
  value === null || value === undefined ? null : checked(value)

/** An object of a record that is there. @throws TypeError likewise. */
export function membersOf(value: unknown): Members {
  if (!isPlainObject(value)) throw new TypeError(`a record holds ${typeof value} where its mapping has an object`)
  return value
}
