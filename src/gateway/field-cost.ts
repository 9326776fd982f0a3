import {
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
} from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { knownPaths } from '../entity/field-set.ts'
import type { PageBounds } from '../query/page.ts'
import { offsetNames, pageNames, sizeNames } from '../query/page-names.ts'
import { countedMembers, unreadMembers } from '../resolve/offset-page.ts'
import { boundsOf } from '../resolve/page-bounds.ts'
import { entityOf, memberOf, pagedEntity } from '../resolve/shown-types.ts'
import { onceFor } from '../util/once-for.ts'

type Fields = GraphQLObjectType | GraphQLInterfaceType

/** Arguments, with the values that the schema gives where the client does not. */
export type Usuals = ReadonlyMap<string, unknown>

/** Arguments by which a page stands behind others, which a store reads to leave them out. */
export interface Skips {
  /** Say how many: `offset`, `skip`. */
  readonly offset: Usuals
  /** Say the number of the page: `page`. */
  readonly page: Usuals
  /** Cursors of an earlier API, which may count records, too. */
  readonly cursor: ReadonlySet<string>
  /** Past it whoever reads the page refuses. */
  readonly most: number
  /** Each of so many types is read so far. */
  readonly types: number
}

/** What is known of a field before anybody asks for it. */
export interface FieldCost {
  readonly type: GraphQLNamedType
  /** A list of objects, one object, or no object at all. */
  readonly holds: 'list' | 'one' | 'value'
  /** Arguments that tell how many: `first`, `limit`. */
  readonly sizes: Usuals
  /** Arguments that are lists: `ids`; of a list whose size nothing tells there may be a record for each of their elements. */
  readonly lists: readonly string[]
  /** What tells of a page how many records stand before it; null of what is no page. */
  readonly skips: Skips | null
  /** How many there are, or the page holds, where no argument tells; null for an object that is no page. */
  readonly size: number | null
  /** No more are ever returned. */
  readonly most: number
  /** Of a page: the types that it is of, each of which is counted by a statement of its own. */
  readonly types: number
  /** Whether what it returns counts as an object of the answer; pages and their edges do not. */
  readonly isNode: boolean
  /** Statements that it causes, once for all parents of a level. */
  readonly statements: number
}

const fieldsOf = (type: GraphQLNamedType): ReturnType<Fields['getFields']> =>
  isObjectType(type) || isInterfaceType(type) ? type.getFields() : {}

/** A connection, as Relay has it, or a page like it. */
const isPage = onceFor((type: GraphQLNamedType): boolean => {
  if (isObjectType(type) && type.extensions.pageOf !== undefined) return true
  const { edges, nodes, pageInfo } = fieldsOf(type)
  return [edges, nodes].some((field) => field && isListType(getNullableType(field.type))) || pageInfo !== undefined
})

const isEdge = (type: GraphQLNamedType): boolean => {
  const { node, cursor } = fieldsOf(type)
  return node !== undefined && cursor !== undefined
}

const none: ReadonlySet<string> = new Set()

const usualsOf = (args: GraphQLField<unknown, unknown>['args']): Usuals =>
  new Map(args.map(({ name, defaultValue }) => [name, defaultValue]))

function sizesOf({ args, extensions: { page } }: GraphQLField<unknown, unknown>): Usuals {
  const isSize = (name: string): boolean => name === page?.args?.limit || sizeNames.has(name)
  return usualsOf(args.filter(({ name, type }) => isSize(name) && getNullableType(type).toString() === 'Int'))
}

function skipsOf({ args, extensions: { page } }: GraphQLField<unknown, unknown>, { maxOffset }: PageBounds): Skips {
  const { args: own } = page ?? {}
  const among = (names: ReadonlySet<string>): Usuals => usualsOf(args.filter(({ name }) => names.has(name)))
  return {
    offset: among(own ? new Set('offset' in own ? [own.offset] : []) : offsetNames),
    page: among(own ? new Set('page' in own ? [own.page] : []) : pageNames),
    cursor: page?.cursor ? new Set(['after', 'before']) : none,
    most: maxOffset,
    types: page?.entities?.length ?? 1,
  }
}

/** A page by offset of several types is read by two statements of each. */
function statementsOf({ page, refersTo }: GraphQLField<unknown, unknown>['extensions']): number {
  if (page?.entities) return page.entities.length * (page.args ? 2 : 1)
  return refersTo?.length ?? 1
}

const listsOf = ({ args }: GraphQLField<unknown, unknown>): string[] =>
  args.filter(({ type }) => isListType(getNullableType(type))).map(({ name }) => name)

/** Of a page: what is known of it without a statement of its own. */
function isAtHand(field: GraphQLField<unknown, unknown>): boolean {
  const member = memberOf(field)
  return member === 'hasNextPage' || (unreadMembers.has(member) && !countedMembers.has(member))
}

/** Arguments of several fields, each with the highest of their values. */
function highest(all: readonly Usuals[]): Usuals {
  const found = new Map<string, unknown>()
  for (const [name, value] of all.flatMap((usuals) => [...usuals])) {
    const known = found.get(name)
    if (typeof known !== 'number' || (typeof value === 'number' && value > known)) found.set(name, value)
  }
  return found
}

function mostSkips(all: readonly Skips[]): Skips | null {
  if (all.length === 0) return null
  return {
    offset: highest(all.map(({ offset }) => offset)),
    page: highest(all.map(({ page }) => page)),
    cursor: new Set(all.flatMap(({ cursor }) => [...cursor])),
    most: Math.max(...all.map(({ most }) => most)),
    types: Math.max(...all.map(({ types }) => types)),
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)

/** Of a field that an interface has: what it costs at most, whichever of the types stand behind it. Each asks for itself. */
function ofAny(own: FieldCost, all: readonly FieldCost[]): FieldCost {
  if (all.length === 0) return own
  const known = all.flatMap(({ size }) => size ?? [])
  return {
    ...own,
    sizes: highest(all.map(({ sizes }) => sizes)),
    lists: [...new Set(all.flatMap(({ lists }) => lists))],
    skips: mostSkips(all.flatMap(({ skips }) => skips ?? [])),
    size: known.length > 0 ? Math.max(...known) : null,
    most: Math.max(...all.map(({ most }) => most)),
    types: sum(all.map(({ types }) => types)),
    statements: sum(all.map(({ statements }) => statements)),
  }
}

/** What a field costs by itself. */
export type FieldCosts = (parent: Fields, field: GraphQLField<unknown, unknown>) => FieldCost

/** What each field of a schema costs by itself; worked out when it is first asked for. */
export function fieldCosts(schema: GraphQLSchema, entities: readonly Entity[], listSize: number): FieldCosts {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]

  /** Root fields, counts of pages, and fields that lead from a record to others. */
  function reads(parent: Fields, field: GraphQLField<unknown, unknown>, type: GraphQLNamedType): boolean {
    if (roots.some((root) => root === parent)) return true
    if (!isCompositeType(type)) return isPage(parent) && !isAtHand(field)
    const entity = entityOf(parent, entities)
    const { page, refersTo } = field.extensions // it may have the name of what the mapping has
    return entity !== null && (page !== undefined || refersTo !== undefined || !knownPaths(entity).has(memberOf(field)))
  }

  const of = onceFor((parent: Fields) =>
    onceFor((field: GraphQLField<unknown, unknown>): FieldCost => {
      const own = ownCost(parent, field)
      if (!isInterfaceType(parent)) return own
      const { objects } = schema.getImplementations(parent)
      return ofAny(
        own,
        objects.map((type) => of(type)(type.getFields()[field.name]!)),
      )
    }),
  )

  function ownCost(parent: Fields, field: GraphQLField<unknown, unknown>): FieldCost {
    const type = getNamedType(field.type)
    const { page } = field.extensions
    const bounds = boundsOf(field)
    const ofList = page ? bounds.size : listSize
    const isObject = isCompositeType(type)
    const isPaged = page !== undefined || pagedEntity(type, entities) !== null
    const holds = !isObject ? 'value' : isListType(getNullableType(field.type)) ? 'list' : 'one'
    return {
      type,
      holds,
      sizes: isObject ? sizesOf(field) : new Map(),
      lists: holds === 'list' && !page ? listsOf(field) : [],
      size: isPage(type) && holds === 'one' ? bounds.size : holds === 'list' ? ofList : null,
      // Past it `loadConnection` and `loadPage` refuse
      most: isPaged ? bounds.max : Number.MAX_SAFE_INTEGER,
      skips: isPaged ? skipsOf(field, bounds) : null,
      types: page?.entities?.length ?? 1,
      isNode: isObject && !isPage(type) && !isEdge(type) && type.name !== 'PageInfo',
      statements: reads(parent, field, type) ? statementsOf(field.extensions) : 0,
    }
  }
  return (parent, field) => of(parent)(field)
}
