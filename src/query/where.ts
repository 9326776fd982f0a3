import { kindOf } from '../codec/kinds.ts'
import { textKind } from '../codec/text.ts'
import type { Leaf, Scope } from '../entity/entity.ts'
import type { Fields } from '../entity/field.ts'
import { isEntity, leafAt } from '../entity/leaf-at.ts'
import { parseScalar } from '../entity/new-record.ts'
import { parseId } from '../entity/parse-id.ts'
import { CrossfadeError } from '../util/errors.ts'

export type Comparison = 'eq' | 'lt' | 'lte' | 'gt' | 'gte'
export type TextMatch = 'contains' | 'startsWith' | 'endsWith'

/**
 * What to select: one AST that both stores translate. Paths are record paths or `id`; values are those of the field's
 * kind. Two-valued throughout: a comparison with null is false, `not` is total. "ne" is `not eq`, as in Mongo.
 */
export type Where =
  | { readonly op: 'and' | 'or'; readonly of: readonly Where[] }
  | { readonly op: 'not'; readonly of: Where }
  | { readonly op: Comparison; readonly path: string; readonly value: unknown; readonly insensitive?: boolean }
  | { readonly op: 'in'; readonly path: string; readonly values: readonly unknown[]; readonly insensitive?: boolean }
  | { readonly op: TextMatch; readonly path: string; readonly value: string; readonly insensitive?: boolean }
  /** Lists: `has` takes all of `values` ('every') or at least one ('some'); a null list has nothing. */
  | { readonly op: 'has'; readonly path: string; readonly values: readonly unknown[]; readonly need: 'some' | 'every' }
  | { readonly op: 'isEmpty'; readonly path: string; readonly value: boolean }
  /**
   * Lists of objects: at least one matches; a null list has none. Paths of `where` are relative to the object. "none" is
   * `not some`, "every" is `not some not`.
   */
  | { readonly op: 'some'; readonly path: string; readonly where: Where }

declare const about: unique symbol

/** A condition on records, or on members, with the fields `F`: for the compiler alone, which refuses one on others. */
export type WhereOf<F extends Fields> = Where & { readonly [about]?: F }

/** A condition of no parts. */
export type Everything = { readonly op: 'and'; readonly of: readonly [] }

/** The condition that holds for all records. */
export const everything: Everything = Object.freeze({ op: 'and', of: [] } as const)
export const nothing: Where = Object.freeze({ op: 'or', of: [] })

/** Whether a condition holds for all records, said or not: each of its parts was left out. */
export const asksNothing = (where: Where): boolean => where.op === 'and' && where.of.every(asksNothing)

/** All of the given conditions, flattened where there is one or none. */
export function allOf(...of: readonly Where[]): Where {
  const real = of.filter((where) => where !== everything)
  return real.length === 1 ? real[0]! : real.length === 0 ? everything : { op: 'and', of: real }
}

/** A condition on one value or list of scalars. */
export type Leafy = Exclude<Where, { readonly op: 'and' | 'or' | 'not' | 'some' }>

/** Whether kinds that know equality alone can answer: not for null, which they cannot tell from dirty values. */
function asksEquality(where: Leafy): boolean {
  if (where.op === 'eq') return where.value !== null
  return where.op === 'in' && !where.values.includes(null)
}

/** Whether only text can be asked that: for a part of it, or without regard to case. */
function asksText(where: Leafy): boolean {
  if (where.op === 'contains' || where.op === 'startsWith' || where.op === 'endsWith') return true
  return 'insensitive' in where && where.insensitive === true
}

/** The leaf that a condition is about. @throws BAD_USER_INPUT where its kind cannot be asked that. */
export function filteredLeaf(scope: Scope, where: Leafy): Leaf {
  const leaf = leafAt(scope, where.path)
  const { queries } = kindOf(leaf)
  const isText = leaf.kind === 'text' || leaf.kind === 'enum'
  if (queries === 'none' || (queries === 'equality' && !asksEquality(where)) || (!isText && asksText(where))) {
    const what = queries === 'none' ? 'filtered' : `filtered by ${where.op}`
    throw new CrossfadeError('BAD_USER_INPUT', `${scope.name}.${where.path} is ${leaf.kind} and cannot be ${what}.`)
  }
  return leaf
}

/** Checks a value against the kind of a path's values or elements. @throws BAD_USER_INPUT */
export function parseValue(scope: Scope, path: string, value: unknown): unknown {
  if (value === null) return null
  return path === 'id' && isEntity(scope) ? parseId(scope, value) : parseScalar(leafAt(scope, path), value)
}

/**
 * The same for a value that is not looked for by equality alone: a part of an enumeration's text, one without regard to
 * case, and what others come before or behind, need not be one of its texts.
 */
export const parseNeedle = (scope: Scope, path: string, value: unknown): unknown =>
  value !== null && path !== 'id' && leafAt(scope, path).kind === 'enum'
    ? textKind.parse(value)
    : parseValue(scope, path, value)
