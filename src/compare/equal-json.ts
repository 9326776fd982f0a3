import type { Json } from '../util/json.ts'

/** True where two canonical values are equal: keys in any order, numbers by value, lists in order. */
export function equalJson(a: Json, b: Json): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((element, index) => equalJson(element, b[index]!))
  }
  if (Array.isArray(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key]!, b[key]!))
}

/** The same of two lists, either of which may be missing. */
export function equalLists(a: readonly Json[] | null | undefined, b: readonly Json[] | null | undefined): boolean {
  if (!a || !b) return !a && !b
  return a.length === b.length && a.every((element, index) => equalJson(element, b[index]!))
}

/** Whether two equal values also have their keys in the same order, which clients see. */
export function sameKeyOrder(a: Json, b: Json): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return true
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.every((element, index) => sameKeyOrder(element, b[index]!))
  const keys = Object.keys(b)
  return Object.entries(a).every(([key, value], index) => keys[index] === key && sameKeyOrder(value, b[key]!))
}

/** Equal to a client, to the order of keys. */
export const sameJson = (a: Json, b: Json): boolean => equalJson(a, b) && sameKeyOrder(a, b)
