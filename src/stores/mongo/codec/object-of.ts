import { DBRef, type Document } from 'mongodb'
import { isPlainObject } from '../../../util/json.ts'

/**
 * An object as it is stored; undefined for every other value. The driver makes objects with `$ref` and `$id` a class of
 * their own, which MongoDB and its queries know nothing of.
 */
export function objectOf(value: unknown): Document | undefined {
  if (isPlainObject(value)) return value
  return value instanceof DBRef ? value.toJSON() : undefined
}
