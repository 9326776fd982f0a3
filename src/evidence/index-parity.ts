import type { Entity, Leaf, ObjectList } from '../entity/entity.ts'
import { idLeaf, leafAt } from '../entity/leaf-at.ts'
import type { AskedOrder } from '../query/order.ts'
import { type MongoIndex, mongoIndexes, tellingKeys } from '../stores/mongo/indexes.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { collationText, uniqueKeys } from '../stores/mongo/unique-keys.ts'
import { unfinishedIndexes } from '../stores/postgres/build-index.ts'
import { serverVersion } from '../stores/postgres/constraints.ts'
import { type IndexKey, quote } from '../stores/postgres/ddl.ts'
import { duplicates, type PostgresIndex, postgresIndexes } from '../stores/postgres/indexes.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import { addConstraint, createUnique, keeps, standing, uniqueForms } from '../stores/postgres/unique-forms.ts'
import type { UniqueKey } from '../stores/unique-key.ts'
import type { Origin } from '../util/origin.ts'
import { type IndexProposals, indexProposals } from './index-proposals.ts'
import { holdsScope, type ScopeKeys, scopeKeys, scopePredicate } from './scope-keys.ts'

/**
 * A query that MongoDB can answer with an index, or a promise that it keeps, and PostgreSQL cannot or does not; or an
 * order of the contract that an index of either store does not give.
 */
export interface MissingIndex {
  readonly store: Origin
  readonly type: string
  /** What asks for it: an index of MongoDB, or an order of the contract. */
  readonly because: string
  /** The remedy; null where there is no plain one, and `note` says why. */
  readonly statement: string | null
  /** Duplicates stand in its way: it fails as long as they do. */
  readonly blocked?: true
  readonly note: string
}

interface Key {
  readonly leaf: Leaf
  /** The list of objects that the leaf is a member of. */
  readonly list: ObjectList | null
  readonly direction: 'asc' | 'desc'
}

const shownDuplicates = 5 // values

const startWith = (all: readonly string[], columns: readonly string[]): boolean =>
  columns.every((column, at) => all[at] === column)

const everyRow: ScopeKeys = { fixed: [], absent: [] }

/** Whether an index of all rows that are asked for begins with these columns, in either reading direction. */
const begins = (index: PostgresIndex, columns: readonly string[], scope = everyRow): boolean =>
  index.valid && holdsScope(index.predicate, scope) && index.method === 'btree' && startWith(index.columns, columns)

/** The same, or with them behind those that have one value in all of these rows. */
function serves(index: PostgresIndex, columns: readonly string[], entity: Entity, scope: ScopeKeys): boolean {
  if (begins(index, columns, scope)) return true
  const telling = [...entity.fixed.keys()].map((path) => entity.leaves.get(path)!.column)
  const known = [...telling, ...scope.fixed.map(({ column }) => column)].filter((column) => !columns.includes(column))
  const first = index.columns.findIndex((column) => !known.includes(column))
  return begins(index, [], scope) && first > 0 && startWith(index.columns.slice(first), columns)
}

const otherOrder =
  'finds and orders texts otherwise than PostgreSQL, which compares code points: queries that name it are written by hand.'

const expiry = ({ keys }: MongoIndex, seconds: number): string =>
  `MongoDB deletes documents ${seconds} s after ${keys[0]![0]} by itself. PostgreSQL does not: ` +
  'rows stay until a backfill removes them, and once it has authority a job of yours must delete them through the API.'

const ofScope = 'It is for what the defaultScope of the type shows; lists that are unscoped need one without it.'

const notKept = (why: string): string =>
  `PostgreSQL does not keep it, since ${why}: in live a record that MongoDB refuses for it becomes a dead letter.`

type Mapped = Pick<Key, 'leaf' | 'list'>

function byMongoPath(entity: Entity): Map<string, Mapped> {
  const own = [...entity.leaves.values(), ...entity.jsonPaths.values(), idLeaf(entity)].map(
    (leaf) => [leaf.mongo, { leaf, list: null }] as const,
  )
  const members = [...entity.lists.values()].flatMap((list) =>
    [...list.leaves.values()].map((leaf) => [`${list.mongo}.${leaf.mongo}`, { leaf, list }] as const),
  )
  return new Map<string, Mapped>([...own, ...members])
}

const terms = (keys: readonly Key[]): IndexKey[] =>
  keys.map(({ leaf, direction }) => ({ column: leaf.column, direction, nullable: leaf.path !== 'id' }))

/**
 * What PostgreSQL lacks for one type: the indexes of MongoDB, and those of the contract's orders.
 *
 * @param mongo null where it does not answer: then the orders alone.
 * @param given what is proposed for other types, whose names are taken.
 */
export async function missingIndexes(
  { mongo, postgres }: { readonly mongo: MongoStore | null; readonly postgres: PostgresStore },
  entity: Entity,
  orders: readonly AskedOrder[],
  given?: IndexProposals,
): Promise<MissingIndex[]> {
  const { connection } = postgres
  const proposals = given ?? (await indexProposals(connection))
  const [present, version] = await Promise.all([
    postgresIndexes(connection, entity.postgres),
    serverVersion(connection),
  ])
  const missing: MissingIndex[] = []
  const byPath = byMongoPath(entity)
  const stated = new Set<string>()
  const add = (because: string, statement: string | null, note = '', blocked = false): void => {
    if (statement !== null && stated.has(statement)) return
    if (statement !== null) stated.add(statement)
    const told = { store: 'postgres', type: entity.name, because, statement, note } as const
    missing.push(blocked ? { ...told, blocked } : told)
  }

  /** Adds what nothing that is proposed serves. */
  function addIndex(because: string, given: Parameters<IndexProposals['propose']>, note = ''): void {
    const statement = proposals.propose(...given)
    if (statement !== null) add(because, statement, note)
  }

  /** @param scope that of what is asked for: its condition is part of what is proposed. */
  function scalarIndex(because: string, keys: readonly Key[], { note = '', fixed = 0, scope = everyRow } = {}): void {
    const inside = keys.find(({ leaf }) => leaf.inJson)
    if (inside) {
      add(because, null, `${inside.leaf.path} is inside of json: map it as a field to give it an index.`)
      return
    }
    const columns = keys.map(({ leaf }) => leaf.column)
    if (present.some((index) => serves(index, columns, entity, scope))) return
    const first = scope.fixed.filter(({ column }) => !columns.includes(column))
    const where = scopePredicate(scope)
    // Pages end their order with the id
    const whole = columns.includes('id')
      ? keys
      : [...keys, { leaf: idLeaf(entity), list: null, direction: keys.at(-1)!.direction }]
    const all = [...first.map((leaf): Key => ({ leaf, list: null, direction: 'asc' })), ...whole]
    const shown = first.length > 0 || where !== null ? ofScope : ''
    addIndex(because, [entity.postgres, terms(all), { fixed: fixed + first.length, where }], note || shown)
  }

  async function uniqueIndex(key: UniqueKey): Promise<void> {
    const groups = await duplicates(connection, entity, key, shownDuplicates)
    const shown = groups.map(({ count, ids }) => `${count} records hold one value: ${ids.join(', ')}`)
    const blocked = shown.length > 0
    const note = blocked ? `First resolve the duplicates. ${shown.join('; ')}` : ''
    for (const form of uniqueForms(entity, key, version)) {
      const state = standing(form, present)
      if (state === 'replace') add(key.because, null, `${form.name} promises something else: backfill replaces it.`)
      if (state === 'build') add(key.because, `${createUnique(form)};`, note, blocked)
      if ((state === 'build' || state === 'attach') && form.predicate === null)
        add(`${key.because}; records can exchange their values`, `${addConstraint(form, form.name)};`, '', blocked)
      if (state !== 'kept') continue
      for (const { name } of present.filter((index) => index.deferrable === null && keeps(index, form))) {
        if (name === form.name) continue
        add(key.because, `drop index concurrently ${quote(name)};`, `${form.name} keeps it; ${name} stops exchanges.`)
      }
    }
  }

  async function listIndex(because: string, leaf: Leaf): Promise<void> {
    const [table, column] = leaf.childTable ? [leaf.childTable, 'value'] : [entity.postgres, leaf.column]
    const method = leaf.childTable ? 'btree' : 'gin'
    const there = await postgresIndexes(connection, table)
    const isWhole = ({ valid, predicate }: PostgresIndex): boolean => valid && predicate === null
    if (there.some((index) => isWhole(index) && index.method === method && index.columns[0] === column)) return
    const keys = [{ column, direction: 'asc' as const, nullable: false }]
    addIndex(because, [table, keys, { using: leaf.childTable ? '' : 'gin' }])
  }

  async function memberIndex(because: string, list: ObjectList, keys: readonly Key[]): Promise<void> {
    if (list.childTable === null) {
      return add(because, null, `${list.path} is a json column, whose members have no index: give it a child table.`)
    }
    const there = await postgresIndexes(connection, list.childTable)
    const columns = keys.map(({ leaf }) => leaf.column)
    if (there.some((index) => begins(index, columns))) return
    const parent: IndexKey = { column: 'parent_id', direction: 'asc', nullable: false }
    // Members are found by them, and not ordered
    addIndex(because, [list.childTable, [...terms(keys), parent], { fixed: columns.length }])
  }

  async function compare(index: MongoIndex): Promise<void> {
    const because = `MongoDB's index ${index.name}`
    if (index.expireAfterSeconds !== null) add(because, null, expiry(index, index.expireAfterSeconds))
    if (index.unique) return
    if (index.hidden) return add(because, null, 'It is hidden: no query uses it.')
    if (index.collation) return add(because, null, `Its collation (${collationText(index.collation)}) ${otherOrder}`)
    if (index.keys.some(([path]) => path.includes('$**')))
      return add(because, null, 'It is a wildcard index; PostgreSQL needs one for each field that is asked for.')
    const special = index.keys.find(([, key]) => typeof key === 'string')
    if (special) return add(because, null, `It is a ${special[1]} index; the queries behind it are written by hand.`)
    const telling = tellingKeys(entity, index)
    if (telling.length === 0) return
    const unmapped = telling.find(([path]) => !byPath.has(path))
    if (unmapped) return add(because, null, `The mapping does not name ${unmapped[0]}.`)
    const keys = telling.map(([path, key]): Key => ({ ...byPath.get(path)!, direction: key === -1 ? 'desc' : 'asc' }))
    const inList = keys.find(({ leaf, list }) => list !== null || leaf.list !== 'none')
    if (inList) {
      const { leaf, list } = inList
      if (list !== null && keys.every((key) => key.list === list)) return memberIndex(because, list, keys)
      if (list === null && keys.length === 1) return listIndex(because, leaf)
      return add(because, null, `${(list ?? leaf).path} is a list, which has an index of its own.`)
    }
    const leavesOut = index.sparse || index.filter !== null
    return scalarIndex(because, keys, { note: leavesOut ? 'It leaves documents out; this one holds all rows.' : '' })
  }

  for (const name of await unfinishedIndexes(connection, entity.postgres))
    add(`the build of ${name} was cut off`, `drop index concurrently ${quote(name)};`)
  if (mongo) {
    const indexes = await mongoIndexes(mongo.connection, entity)
    for (const index of indexes) await compare(index)
    const { keys, untold } = uniqueKeys(entity, indexes)
    for (const { index, why } of untold) add(`MongoDB's index ${index.name}`, null, notKept(why))
    for (const key of keys) await uniqueIndex(key)
  }
  const scope = scopeKeys(entity)
  for (const { because, by, keys } of orders) {
    const paths = by === null ? keys : [{ path: by, direction: 'asc' as const }, ...keys]
    const asked = paths.map(({ path, direction }): Key => ({ leaf: leafAt(entity, path), list: null, direction }))
    if (paths[0]?.path !== 'id' && asked.length > 0)
      scalarIndex(`the contract's ${because}`, asked, { fixed: by === null ? 0 : 1, scope })
  }
  return missing
}
