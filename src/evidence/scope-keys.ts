import type { Entity, Leaf } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { defaultScope } from '../query/default-scope.ts'
import type { Where } from '../query/where.ts'
import { quote } from '../stores/postgres/ddl.ts'

/** What the default scope of a type says of each record that lists show, as far as an index can hold it. */
export interface ScopeKeys {
  /** Fields that have one value in all of them. */
  readonly fixed: readonly Leaf[]
  /** Fields that are null in all of them. */
  readonly absent: readonly Leaf[]
}

export function scopeKeys(entity: Entity): ScopeKeys {
  const fixed: Leaf[] = []
  const absent: Leaf[] = []
  function walk(where: Where): void {
    if (where.op === 'and') for (const part of where.of) walk(part)
    if (where.op !== 'eq' || where.insensitive) return
    const leaf = leafAt(entity, where.path)
    if (leaf.list !== 'none' || leaf.inJson !== null || entity.fixed.has(leaf.path)) return
    ;(where.value === null ? absent : fixed).push(leaf)
  }
  walk(defaultScope(entity))
  return { fixed, absent }
}

/** The condition of an index of PostgreSQL that holds what a scope shows alone; null where it says no such. */
export const scopePredicate = ({ absent }: ScopeKeys): string | null =>
  absent.length === 0 ? null : absent.map(({ column }) => `${quote(column)} is null`).join(' and ')

/** Whether an index with a condition, as PostgreSQL writes it, holds all that a scope shows. */
export function holdsScope(predicate: string | null, { absent }: ScopeKeys): boolean {
  if (predicate === null) return true
  const columns = new Set(absent.flatMap(({ column }) => [column, quote(column)]))
  const parts = predicate.replace(/[()]/g, '').split(' AND ')
  return parts.every((part) => part.endsWith(' IS NULL') && columns.has(part.slice(0, -' IS NULL'.length)))
}
