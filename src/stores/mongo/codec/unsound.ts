import { BSON, type Document } from 'mongodb'
import { isPlainObject } from '../../../util/json.ts'

/** Text that is not valid UTF-8, with U+FFFD in the place of what was not: other programs have stored bytes as text. */
export class InvalidText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A value that the driver can't write back as it is stored: such a text, or a date past JavaScript's. */
export const isUnsound = (value: unknown): boolean =>
  value instanceof InvalidText || (value instanceof Date && Number.isNaN(value.getTime()))

/** Why a value is unsound; undefined where it is not. */
export function unsoundness(value: unknown): string | undefined {
  if (!isUnsound(value)) return undefined
  return value instanceof InvalidText ? 'is not valid UTF-8' : 'is a date outside of the years that JavaScript holds'
}

export function hasUnsound(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasUnsound)
  return isPlainObject(value) ? Object.values(value).some(hasUnsound) : isUnsound(value)
}

/** Whether a text inside has U+FFFD, which also stands in the place of what is not UTF-8 where nobody checks. */
export function holdsReplacement(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\ufffd')
  if (Array.isArray(value)) return value.some(holdsReplacement)
  return isPlainObject(value) && Object.values(value).some(holdsReplacement)
}

/** A copy without its unsound values, each of which is told with its path. */
function withoutUnsound(value: unknown, path: string, lost: Lost): unknown {
  if (Array.isArray(value)) {
    return value.map((element, index) => {
      if (!isUnsound(element)) return withoutUnsound(element, inner(path, index), lost)
      lost(inner(path, index), element)
      return null // the others keep their places
    })
  }
  return isPlainObject(value) ? membersWithoutUnsound(value, path, lost) : value
}

type Lost = (path: string, value: unknown) => void

/** Likewise of an object. */
export function membersWithoutUnsound(object: Document, path: string, lost: Lost): Document {
  const sound = Object.entries(object).filter(([key, member]) => {
    if (isUnsound(member)) lost(inner(path, key), member)
    return !isUnsound(member)
  })
  return Object.fromEntries(sound.map(([key, member]) => [key, withoutUnsound(member, inner(path, key), lost)]))
}

const inner = (path: string, key: string | number): string => (path === '' ? String(key) : `${path}.${key}`)

/** Strings with U+FFFD of a document that is known to hold invalid text: one that stands there by right is lost with them. */
function marked(value: unknown): unknown {
  if (typeof value === 'string') return holdsReplacement(value) ? new InvalidText(value) : value
  if (Array.isArray(value)) return value.map(marked)
  return isPlainObject(value) ? markedMembers(value) : value
}

const markedMembers = (object: Document): Document =>
  Object.fromEntries(Object.entries(object).map(([key, member]) => [key, marked(member)]))

/** A document from its bytes, whatever text it holds. */
export function decodeBytes(bytes: Uint8Array, options: BSON.DeserializeOptions = {}): Document {
  try {
    return BSON.deserialize(bytes, options)
  } catch (error) {
    if (!(error instanceof BSON.BSONError)) throw error
    return markedMembers(BSON.deserialize(bytes, { ...options, validation: { utf8: false } }))
  }
}
