import { didYouMean } from '../util/did-you-mean.ts'
import { messageOf } from '../util/errors.ts'
import type { Entity, Scope } from './entity.ts'
import { checkFields, checkPath, refuse } from './field-checks.ts'
import { impliedTables } from './implied-tables.ts'
import { isEntity, partShown } from './leaf-at.ts'
import { newIds } from './new-ids.ts'
import { parseScalar } from './new-record.ts'

const ownColumns = { record: ['id', 'rest', '_cf_epoch', '_cf_counter'], element: ['parent_id', 'position', 'rest'] }
/** NUL and lone surrogates PostgreSQL refuses; a line's end would break migrations and what commands print. */
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029]/u
const maxIdentifier = 63 // bytes; Postgres cuts longer names silently (NAMEDATALEN − 1)

/** Every table of PostgreSQL has these already: https://www.postgresql.org/docs/current/ddl-system-columns.html */
const systemColumns = ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']

const byColumn = 'Name it with .column().'
const byTable = 'Choose another with `postgres:`.'
const byChildTable = 'Name another with .childTable().'

function checkIdentifier(entity: string, field: string, name: string, remedy: string = byColumn): void {
  if (Buffer.byteLength(name) > maxIdentifier) {
    refuse(entity, field, `needs the Postgres name "${name}", which is longer than 63 bytes`, remedy)
  }
  if (name === '') refuse(entity, field, 'has an empty Postgres name', remedy)
  if (unprintable.test(name))
    refuse(entity, field, `has the Postgres name ${JSON.stringify(name)}, with what no name may hold`, remedy)
}

function checkTable(entity: string, field: string, name: string, remedy: string): void {
  checkIdentifier(entity, field, name, remedy)
  // The catalog is looked at before every other schema
  if (name.startsWith('pg_')) refuse(entity, field, `uses the table "${name}", a name of PostgreSQL's catalog`, remedy)
}

interface IndexName {
  readonly name: string
  /** Of the field that asks for it. */
  readonly path: string
}

/** Names of indexes of a type's own table, the one of a unique key among them. */
function ownIndexes(entity: Entity): IndexName[] {
  const keys = [...entity.leaves.values()].flatMap(({ unique, column, path }) =>
    unique ? [{ name: `${entity.postgres}_${column}_key`, path }] : [],
  )
  return [...impliedTables(entity)[0]!.indexes, ...keys]
}

/** And of those of its lists. */
const childIndexes = (entity: Entity): IndexName[] =>
  impliedTables(entity)
    .slice(1)
    .flatMap(({ indexes }) => indexes)

/** One name, one owner: columns, and document paths of which none may lie inside another. */
class Claims {
  readonly #entity: string
  readonly #owners = new Map<string, string>()

  constructor(entity: string) {
    this.#entity = entity
  }

  claim(what: string, name: string, field: string, remedy: string): void {
    const owner = this.#owners.get(name)
    if (owner !== undefined) refuse(this.#entity, field, `uses the ${what} "${name}" of ${owner}`, remedy)
    this.#owners.set(name, field)
  }

  has(name: string): string | undefined {
    return this.#owners.get(name)
  }
}

/** Whether a field shows a part of the id. @throws MISCONFIGURED where it would show it otherwise than the id has it. */
function checkPart(scope: Scope, path: string): boolean {
  const leaf = scope.leaves.get(path)
  if (!leaf?.ofId || !isEntity(scope) || !scope.idParts || !Object.hasOwn(scope.idParts, partShown(leaf))) return false
  const kind = scope.idParts[partShown(leaf)]!
  const isPlain = leaf.list === 'none' && !leaf.unique && Object.keys(leaf.converter).length === 0
  if (leaf.kind !== kind || !isPlain)
    refuse(scope.name, path, `is not what ${leaf.mongo} is`, `Use ${kind}() with no converter, and not as unique.`)
  return true
}

/** Columns and document paths of one scope; `prefix` leads to it from the entity. */
function checkScope(entity: string, scope: Scope, inElement: boolean, prefix: string): void {
  const columns = new Claims(entity)
  const paths = new Claims(entity)
  const objects = new Claims(entity)
  for (const column of ownColumns[inElement ? 'element' : 'record'])
    columns.claim('column', column, 'Crossfade itself', '')
  for (const column of systemColumns) columns.claim('column', column, 'PostgreSQL itself', '')
  const claim = (of: Claims, { path, mongo, column }: { path: string; mongo: string; column: string }): void => {
    if (!checkPart(scope, path)) checkPath(entity, prefix + path, mongo, inElement)
    checkIdentifier(entity, prefix + path, column)
    columns.claim('column', column, prefix + path, 'Name one of them with .column().')
    of.claim('Mongo path', mongo, prefix + path, 'Map each path once.')
  }
  for (const embed of scope.embeds.values()) claim(objects, embed)
  const whole = [...scope.leaves.values(), ...scope.lists.values()]
  for (const each of whole) claim(paths, each)
  for (const { path, parents } of whole) {
    const inside = parents.find((parent) => paths.has(parent))
    if (!inside) continue
    const problem = `is stored inside "${inside}", which ${paths.has(inside)} holds whole`
    refuse(entity, prefix + path, problem, 'Map one of the two.')
  }
  for (const { path, mongo } of [...whole, ...scope.embeds.values()]) {
    const around = [...scope.embeds.values()].find((embed) => mongo.startsWith(`${embed.mongo}.`))
    if (!around || path.startsWith(`${around.path}.`)) continue
    refuse(
      entity,
      prefix + path,
      `is stored inside "${around.mongo}", which ${around.path} maps`,
      'Map it as a member.',
    )
  }
  for (const list of scope.lists.values()) checkScope(entity, list, true, `${prefix}${list.path}.`)
}

/** As commands take it on their line; `all` stands for every type there. */
const groupName = /^(?!all$)[a-z][\w-]{0,62}$/i

function checkGroup({ name, group }: Entity): void {
  if (group === null) return
  if (!groupName.test(group))
    refuse(
      name,
      'group',
      `has the name "${group}"`,
      'Use a letter first, then letters, digits, _ and -, 63 at most; and not `all`.',
    )
  if (group === name) refuse(name, 'group', 'has the name of the type itself', 'Give it a name of its own.')
}

/** Kinds whose values both stores compare as they are. */
const fixedKinds: ReadonlySet<string> = new Set(['text', 'enum', 'int', 'boolean'])

/** What a collection of several types is told apart by. */
function checkWhere(entity: Entity): void {
  const { name, fixed, leaves } = entity
  for (const [path, value] of fixed) {
    const leaf = leaves.get(path)
    if (!leaf || leaf.keys.length > 1)
      refuse(name, 'where', `names "${path}", which is no field of the record itself`, 'Map the field, and name it.')
    const isPlain = Object.keys(leaf.converter).length === 0 && !leaf.ofId
    if (leaf.list !== 'none' || !fixedKinds.has(leaf.kind) || !isPlain)
      refuse(
        name,
        'where',
        `names "${path}"`,
        'Use a text, an enumeration, an int or a boolean without a converter, outside of the id.',
      )
    try {
      parseScalar(leaf, value)
    } catch (error) {
      refuse(name, 'where', `gives "${path}" no value of its kind: ${messageOf(error).replace(/\.$/, '')}`, 'Give one.')
    }
  }
}

/** Whether no document can be a record of both. */
const areApart = (one: Entity, other: Entity): boolean =>
  [...one.fixed].some(([path, value]) => {
    const { mongo } = one.leaves.get(path)!
    return [...other.fixed].some(([at, differs]) => other.leaves.get(at)!.mongo === mongo && differs !== value)
  })

const idOf = ({ idKind, idParts }: Entity): string => JSON.stringify([idKind, Object.entries(idParts ?? {})])

/** Types of one collection: each document is a record of one of them at most, and its id fits all. */
function checkTogether(entities: readonly Entity[]): void {
  for (const [index, entity] of entities.entries())
    for (const other of entities.slice(0, index)) {
      if (other.mongo !== entity.mongo) continue
      const shared = `uses the collection ${entity.mongo} of ${other.name}`
      if (!areApart(entity, other))
        refuse(entity.name, 'entity', shared, 'Each entity needs its own, or a `where` that contradicts the other one.')
      if (idOf(entity) !== idOf(other))
        refuse(entity.name, 'id', `is of another kind than that of ${other.name} in ${entity.mongo}`, 'Use the same.')
    }
}

/** A type's name in those of its triggers, `crossfade_refuse_truncate_` before it. */
const maxTypeName = 37 // bytes

/** Where a type says that a column is, and of what it is there. */
function columnsOf(entity: Entity): Map<string, { readonly path: string; readonly what: string }> {
  const { leaves, embeds, lists } = entity
  const paths = new Map(
    [...leaves.values(), ...embeds.values(), ...lists.values()].map((each) => [each.column, each.path]),
  )
  const [own] = impliedTables(entity)
  return new Map(
    own!.columns.flatMap(({ name, type, array }) => {
      const path = paths.get(name)
      return path === undefined ? [] : [[name, { path, what: array ? `a list of ${type}` : type }] as const]
    }),
  )
}

/** Types of one table: rows of which each tells whose it is, in columns that are alike. */
function checkOneTable(entity: Entity, other: Entity): void {
  const { name, postgres } = entity
  const shared = `uses the table ${postgres} of ${other.name}`
  const isToldApart = [...entity.fixed].some(([path, value]) => {
    const { column } = entity.leaves.get(path)!
    return [...other.fixed].some(([at, differs]) => other.leaves.get(at)!.column === column && differs !== value)
  })
  if (entity.mongo !== other.mongo) refuse(name, 'entity', shared, 'Each entity needs its own.')
  if (!isToldApart)
    refuse(name, 'entity', shared, 'Each entity needs its own, or a `where` with another value in the same column.')
  for (const each of [entity, other])
    if (Buffer.byteLength(each.name) > maxTypeName)
      refuse(each.name, 'entity', `shares the table ${postgres}, and has a name of more than 37 bytes`, byTable)
  const theirs = columnsOf(other)
  for (const [column, { path, what }] of columnsOf(entity)) {
    const there = theirs.get(column)
    if (there && there.what !== what)
      refuse(
        name,
        path,
        `is ${what} in the column "${column}" of ${postgres}, where ${other.name}.${there.path} is ${there.what}`,
        byColumn,
      )
  }
}

/** @throws CrossfadeError MISCONFIGURED where the mapping of one entity cannot work. */
export function checkEntity(entity: Entity): void {
  const { name } = entity
  if (!Object.hasOwn(newIds, entity.idKind))
    refuse(
      name,
      'id',
      'is none of objectId(), uuid(), text(), int(), longId() and compositeId()',
      'Choose one of them.',
    )
  checkGroup(entity)
  checkFields(name, entity.fields, '', null)
  checkTable(name, 'entity', entity.postgres, byTable)
  checkScope(name, entity, false, '')
  checkWhere(entity)
  const tables = new Claims(name)
  tables.claim('table', entity.postgres, 'the entity', '')
  for (const { path, childTable } of [...entity.leaves.values(), ...entity.lists.values()]) {
    if (!childTable) continue
    checkTable(name, path, childTable, byChildTable)
    tables.claim('table', childTable, path, byChildTable)
  }
  for (const { name: index, path } of [...ownIndexes(entity), ...childIndexes(entity)]) {
    checkIdentifier(name, path, index)
    tables.claim('index', index, path, 'Name one of them otherwise.')
  }
}

/** @throws CrossfadeError MISCONFIGURED where entities cannot live side by side. */
export function checkEntities(entities: readonly Entity[]): void {
  const names = new Set(entities.map((entity) => entity.name))
  const owners = new Map<string, string>()
  const claim = (what: string, name: string, entity: string, field = 'entity', space = what): void => {
    const owner = owners.get(`${space} ${name}`)
    if (owner) refuse(entity, field, `uses the ${what} ${name} of ${owner}`, 'Each entity needs its own.')
    owners.set(`${space} ${name}`, entity)
  }
  const before: Entity[] = []
  for (const entity of new Set(entities)) {
    if (entities.indexOf(entity) !== entities.lastIndexOf(entity))
      refuse(entity.name, 'entity', 'is listed twice among the entities', 'Name it once.')
    claim('name', entity.name, entity.name)
    if (entity.group !== null && names.has(entity.group))
      refuse(entity.name, 'group', `has the name of the type ${entity.group}`, 'Give it a name of its own.')
    const sharing = before.filter(({ postgres }) => postgres === entity.postgres)
    for (const other of sharing) checkOneTable(entity, other)
    if (sharing.length === 0) claim('table', entity.postgres, entity.name)
    for (const { childTable } of [...entity.leaves.values(), ...entity.lists.values()]) {
      if (childTable) claim('table', childTable, entity.name)
    }
    const shared = new Set(sharing.flatMap(ownIndexes).map(({ name }) => name))
    const own = ownIndexes(entity).filter(({ name }) => !shared.has(name))
    for (const { name, path } of [...own, ...childIndexes(entity)]) claim('index', name, entity.name, path, 'table')
    before.push(entity)
    for (const leaf of entity.leaves.values()) {
      if (leaf.references && !names.has(leaf.references)) {
        refuse(
          entity.name,
          leaf.path,
          `references ${leaf.references}, which is no entity`,
          didYouMean(leaf.references, names).trim() || 'Name it among the entities of crossfade.config.ts.',
        )
      }
    }
  }
  checkTogether(entities)
}
