import { kindOf } from '../codec/kinds.ts'
import type { Entity, Scope } from '../entity/entity.ts'
import type { Fields } from '../entity/field.ts'
import { leafAt, listAt } from '../entity/leaf-at.ts'
import type { FilterNames, SameNames } from '../query/filter-names.ts'
import { parseFilter } from '../query/parse-filter.ts'
import type { WhereOf } from '../query/where.ts'
import type { GlobalIds } from '../resolve/global-ids.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Builder, InputRef } from './builder.ts'
import { filterInput, listFilterInput, objectsFilterInput, type TestInput } from './filter-inputs.ts'

/** A filter as a client gives it; `parse` of its type reads it. */
export type FilterInput = Readonly<Record<string, unknown>>

/** What a filter is called, and whether filters can be joined. */
export interface FilterTypeOptions {
  /** Default: the entity's name with `Filter`. */
  readonly name?: string
  readonly description?: string
  /** Whether filters can be combined by `and`, `or` and `not`; default true. */
  readonly combined?: boolean
  /** Clients give the record's own id, and those of types that it refers to, as one of these. Default: as they are stored. */
  readonly globalIds?: GlobalIds
}

/** An input type that says which records of an entity are wanted. */
export type FilterType<E extends Entity = Entity> = InputRef<FilterInput> & {
  readonly entity: E
  /** The record paths that it may ask about. */
  readonly paths: readonly string[]
  /** The condition. @throws BAD_USER_INPUT for values that do not fit, and for filters past the bounds. */
  parse(filter: FilterInput | null | undefined): WhereOf<E['fields']>
}

const pathOf = (key: string, meant: true | string): string => (meant === true ? key : meant)

function testsOf(builder: Builder, typeName: string, scope: Scope, key: string, meant: FilterNames[string]): TestInput {
  if (typeof meant === 'object') {
    const inner = `${typeName}${key.charAt(0).toUpperCase()}${key.slice(1)}`
    const members = inputOf(builder, inner, listAt(scope, meant.path), meant.members, { combined: true })
    return objectsFilterInput(builder, `${inner}List`, members)
  }
  const leaf = leafAt(scope, pathOf(key, meant))
  if (kindOf(leaf).queries === 'none')
    throw new CrossfadeError('MISCONFIGURED', `${scope.name}.${leaf.path} is ${leaf.kind} and cannot be filtered.`)
  return leaf.list === 'none' ? filterInput(builder, leaf) : listFilterInput(builder, leaf)
}

function inputOf(
  builder: Builder,
  typeName: string,
  scope: Scope,
  names: FilterNames,
  { combined = true, description }: FilterTypeOptions,
): InputRef<FilterInput> {
  for (const name of ['and', 'or', 'not'])
    if (Object.hasOwn(names, name)) {
      const remedy = `Give it another, such as ${name}Value: '${name}'.`
      throw new CrossfadeError('MISCONFIGURED', `${typeName} has a field "${name}", which joins filters. ${remedy}`)
    }
  // Looked up here, not when the schema is built: a wrong path is then told where it stands
  const tests = Object.entries(names).map(([key, meant]) => {
    const { sensitive } = typeof meant === 'object' ? listAt(scope, meant.path) : leafAt(scope, pathOf(key, meant))
    return [key, { type: testsOf(builder, typeName, scope, key, meant), extensions: { sensitive } }] as const
  })
  const ref = builder.inputRef<FilterInput>(typeName)
  ref.implement({
    description,
    fields: (t) => ({
      ...(combined ? { and: t.field({ type: [ref] }), or: t.field({ type: [ref] }), not: t.field({ type: ref }) } : {}),
      ...Object.fromEntries(tests.map(([key, test]) => [key, t.field(test)])),
    }),
  })
  return ref
}

/**
 * The filter of an entity, by naming the paths that clients may ask about, each under the contract's own name:
 * `filterType(builder, Movie, { title: true, imdbRating: 'imdb.rating' })`. What a field can be asked follows from its
 * kind.
 *
 * @throws MISCONFIGURED for a path that the entity does not have.
 */
export function filterType<E extends Entity, const N extends FilterNames<E['fields']>>(
  builder: Builder,
  entity: E,
  names: N & SameNames<E['fields'], N>,
  options: FilterTypeOptions = {},
): FilterType<E> {
  const ref = inputOf(builder, options.name ?? `${entity.name}Filter`, entity, names, options)
  return Object.assign(ref, {
    entity,
    paths: Object.entries(names).map(([key, meant]) => (typeof meant === 'object' ? meant.path : pathOf(key, meant))),
    parse(filter: FilterInput | null | undefined): WhereOf<E['fields']> {
      const own = options.globalIds ? options.globalIds.inFilter(entity, names, filter) : filter
      return parseFilter<Entity, FilterNames<Fields>>(entity, names, own)
    },
  })
}
