import { kindOf } from '../codec/kinds.ts'
import { hidden } from '../compare/differences.ts'
import type { Entity, Leaf, Scope } from '../entity/entity.ts'
import { hidesAny } from '../entity/hides.ts'
import { leafAt, listAt } from '../entity/leaf-at.ts'
import type { OffsetArgs } from '../query/offset-page.ts'
import type { OrderKey } from '../query/order.ts'
import type { PageArgs } from '../query/page.ts'
import type { Where } from '../query/where.ts'
import { codeOf } from '../util/errors.ts'
import { isPlainObject, type Json } from '../util/json.ts'

const maxMembers = 100 // of a list or an object
const maxText = 1_000
const maxAll = 8_000 // characters of one value with everything in it

/** What the store of the findings takes: no NUL, no half of a pair of surrogates. */
const storable = (text: string): string => text.replaceAll('\0', '\u2400').toWellFormed()

/** A text that may be shown, cut to what an example may hold. */
export function cutText(text: string, room = { left: maxAll }): string {
  if (room.left <= 0) return '…'
  const length = Math.min(maxText, room.left)
  room.left -= Math.min(text.length, length)
  return storable(text.length > length ? `${text.slice(0, length)}… (${text.length} characters)` : text)
}

/** A value, likewise. */
export function cut(value: Json, room = { left: maxAll }): Json {
  if (typeof value === 'string') return cutText(value, room)
  if (room.left <= 0) return '…'
  room.left -= 5
  if (Array.isArray(value)) {
    const kept = value.slice(0, maxMembers).map((each) => cut(each, room))
    return value.length > maxMembers ? [...kept, `… (${value.length} values)`] : kept
  }
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value)
  const kept = members.slice(0, maxMembers).map(([key, member]) => [cutText(key, room), cut(member, room)])
  return Object.fromEntries(members.length > maxMembers ? [...kept, ['…', `(${members.length} members)`]] : kept)
}

/** Values of a field, in the form that a client gives them; hidden where the mapping says so. */
export const shownValues = (leaf: Leaf, values: readonly unknown[]): Json =>
  cut(values.map((value) => inClientForm(leaf, value)))

const shownValue = (leaf: Leaf, value: unknown): Json => cut(inClientForm(leaf, value))

function inClientForm(leaf: Leaf, value: unknown): Json {
  if (leaf.sensitive) return hidden
  if (value === null || value === undefined) return null
  return value instanceof Date ? value.toISOString() : kindOf(leaf).toJson(value)
}

/** Whether one of them has a field there that it hides. */
const hidesAt = (scopes: readonly Scope[], path: string): boolean =>
  scopes.some(({ leaves, jsonPaths }) => (leaves.get(path) ?? jsonPaths.get(path))?.sensitive === true)

/**
 * A condition in the form that it is asked in, so that it can be asked again, without what the mapping hides.
 *
 * @param kin others that are asked the same: what one of them hides is hidden.
 */
export function shownWhere(scope: Scope, where: Where, kin: readonly Scope[] = []): Json {
  switch (where.op) {
    case 'and':
    case 'or':
      return { op: where.op, of: where.of.map((part) => shownWhere(scope, part, kin)) }
    case 'not':
      return { op: 'not', of: shownWhere(scope, where.of, kin) }
    case 'some': {
      const lists = kin.flatMap(({ lists }) => lists.get(where.path) ?? [])
      return { op: 'some', path: where.path, where: shownWhere(listAt(scope, where.path), where.where, lists) }
    }
    case 'isEmpty':
      return { op: 'isEmpty', path: where.path, value: where.value }
  }
  // A list of objects is asked for null alone, which tells nothing of its values
  if (scope.lists.has(where.path)) return { op: where.op, path: where.path, value: null }
  const own = leafAt(scope, where.path)
  const leaf = hidesAt(kin, where.path) ? { ...own, sensitive: true } : own
  const shown: Record<string, Json> = { op: where.op, path: where.path }
  if ('values' in where) shown['values'] = shownValues(leaf, where.values)
  else shown['value'] = shownValue(leaf, where.value)
  if (where.op === 'has') shown['need'] = where.need
  if ('insensitive' in where && where.insensitive === true) shown['insensitive'] = true
  return shown
}

/** A page as it was asked for. Cursors hold the values of the order's keys. @param kin as in `shownWhere`. */
export function shownPage(
  entity: Entity,
  order: readonly OrderKey[],
  args: PageArgs & OffsetArgs,
  kin: readonly Entity[] = [],
): Record<string, Json> {
  const hides = order.some(({ path }) => hidesAt([entity, ...kin], path))
  const shown: Record<string, Json> = { orderBy: order.map(({ path, direction }) => ({ path, direction })) }
  for (const name of ['first', 'last', 'limit', 'offset', 'page'] as const)
    if (args[name] != null) shown[name] = args[name]
  for (const name of ['after', 'before'] as const) if (args[name] != null) shown[name] = hides ? hidden : args[name]
  return shown
}

/**
 * What no mapping describes, the arguments and results of bespoke fields: shown where none of the types involved hides
 * anything; else its shape alone, since nobody can tell whose value it is.
 */
export function shownUnmapped(entities: readonly Entity[], value: unknown): Json {
  return entities.some(hidesAny) ? shapeOf(value) : cut(plain(value))
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null, (_, each) => (typeof each === 'bigint' ? String(each) : each)))
}

function shapeOf(value: unknown): Json {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return value
  if (Array.isArray(value)) return cut(value.map(shapeOf))
  if (!isPlainObject(value)) return hidden
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]))
}

/** What is counted, a time, a size, or things of ours; else any long number. */
const longNumber =
  /\b(\d{4,9} (?:ms|s|bytes|characters|digits|documents|records|rows|values)\b)|\b(?:0x[\da-f]+|\d[\d.e+-]{3,})\b/gi

function shownMessage({ message }: Error): string {
  return message
    .replace(/"[^"]*"|'[^']*'|`[^`]*`|\{.*\}|\[[^\]]*\]|\(.*\)/gs, '…')
    .replace(longNumber, (_, counted?: string) => counted ?? '…')
    .slice(0, 300)
}

/**
 * An error as it may be kept: its code or class, and its text without what stands in quotes, brackets or braces, and
 * without long numbers, unless they count something. Drivers put values there: the key that is taken, the text that is no
 * number.
 */
export function shownError(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: typeof error, message: '' }
  const code = codeOf(error)
  if (code === undefined && error.cause instanceof Error && 'code' in error.cause)
    return { ...shownError(error.cause), message: shownMessage(error) }
  return {
    code: typeof code === 'string' || typeof code === 'number' ? String(code) : error.name,
    message: shownMessage(error),
  }
}

/** The same in one line. */
export function errorText(error: unknown): string {
  const { code, message } = shownError(error)
  return `${code}: ${message}`
}
