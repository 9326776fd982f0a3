import { writtenForm } from '../codec/converter.ts'
import type { KindName } from '../codec/kinds.ts'
import type { Entity, Leaf, ObjectList, Scope } from './entity.ts'

/** A column that the mapping implies; `type` is the kind, or a bookkeeping type of ours. */
export interface ImpliedColumn {
  readonly name: string
  readonly type: KindName | 'presence' | 'count' | 'objects' | 'rest' | 'version' | 'position'
  readonly array: boolean
  readonly notNull: boolean
  /** The texts that an enumeration allows; null for what is none. */
  readonly values: readonly string[] | null
  /** Of instants: whether MongoDB holds them as texts, which have years of four digits. */
  readonly asText: boolean
  /** What each object of a list in json has; null for other columns. */
  readonly members: readonly ImpliedColumn[] | null
}

export interface ImpliedIndex {
  readonly name: string
  /** Record path of the field that asks for it. */
  readonly path: string
  readonly columns: readonly string[]
}

/** A table that the mapping implies. Unique and foreign keys come late (see `constraints`), after the data. */
export interface ImpliedTable {
  readonly name: string
  readonly columns: readonly ImpliedColumn[]
  readonly primaryKey: readonly string[]
  /** Table whose rows own these; deleting one deletes its rows here. */
  readonly parent: string | null
  readonly indexes: readonly ImpliedIndex[]
}

type Rest = Partial<Omit<ImpliedColumn, 'name' | 'type'>>

const column = (name: string, type: ImpliedColumn['type'], rest: Rest = {}): ImpliedColumn => ({
  name,
  type,
  array: false,
  notNull: false,
  values: null,
  asText: false,
  members: null,
  ...rest,
})

const needed = { notNull: true }

const isAsText = ({ converter }: Leaf): boolean => writtenForm(converter) === 'text'

function leafColumn(leaf: Leaf): ImpliedColumn {
  const { column: name, kind, list, values } = leaf
  if (list === 'child') return column(name, 'count')
  // Required fields stay nullable: a dirty record moves all the same, with a data issue.
  return column(name, kind, { array: list === 'column', values, asText: isAsText(leaf) })
}

const listColumn = (list: ObjectList): ImpliedColumn =>
  list.childTable ? column(list.column, 'count') : column(list.column, 'objects', { members: memberColumns(list) })

/** Columns of what a mapping names, and of the rest: of a record, or of an object in a list, in a table or in json. */
export const memberColumns = ({ leaves, embeds, lists }: Scope): ImpliedColumn[] => [
  ...[...embeds.values()].map((embed) => column(embed.column, 'presence')),
  ...[...leaves.values()].map(leafColumn),
  ...[...lists.values()].map(listColumn),
  column('rest', 'rest'),
]

function childTable(
  entity: Entity,
  name: string,
  columns: readonly ImpliedColumn[],
  indexes: readonly ImpliedIndex[],
): ImpliedTable {
  return {
    name,
    columns: [column('parent_id', entity.idKind, needed), column('position', 'position', needed), ...columns],
    primaryKey: ['parent_id', 'position'],
    parent: entity.postgres,
    indexes,
  }
}

function scalarTable(entity: Entity, leaf: Leaf): ImpliedTable {
  const { childTable: name, kind, index, path, values } = leaf
  const indexes = index ? [{ name: `${name}_value_idx`, path, columns: ['value'] }] : []
  return childTable(entity, name!, [column('value', kind, { ...needed, values, asText: isAsText(leaf) })], indexes)
}

function objectTable(entity: Entity, list: ObjectList): ImpliedTable {
  const indexes = [...list.leaves.values()].flatMap(({ index, path, column }) =>
    index
      ? [{ name: `${list.childTable}_${column}_idx`, path: `${list.path}.${path}`, columns: [column, 'parent_id'] }]
      : [],
  )
  return childTable(entity, list.childTable!, memberColumns(list), indexes)
}

/** The tables of an entity: its own first, then one for each list in a child table. */
export function impliedTables(entity: Entity): ImpliedTable[] {
  const leaves = [...entity.leaves.values()]
  const own: ImpliedTable = {
    name: entity.postgres,
    columns: [
      column('id', entity.idKind, needed),
      ...memberColumns(entity),
      column('_cf_epoch', 'version', needed),
      column('_cf_counter', 'version', needed),
    ],
    primaryKey: ['id'],
    parent: null,
    indexes: leaves
      .filter((leaf) => leaf.list === 'none' && (leaf.index || leaf.unique || leaf.references))
      .map(({ path, column }) => ({ name: `${entity.postgres}_${column}_idx`, path, columns: [column, 'id'] })),
  }
  return [
    own,
    ...leaves.filter((leaf) => leaf.list === 'child').map((leaf) => scalarTable(entity, leaf)),
    ...[...entity.lists.values()].filter((list) => list.childTable).map((list) => objectTable(entity, list)),
  ]
}

/** A table with the types whose rows it holds. */
export interface HeldTable {
  readonly table: ImpliedTable
  readonly types: readonly Entity[]
}

/** What several types imply of one table: their columns of one name are alike, see `checkEntities`. */
function united(tables: readonly ImpliedTable[]): ImpliedTable {
  const byName = <T extends { readonly name: string }>(of: (table: ImpliedTable) => readonly T[]): T[] => [
    ...new Map(tables.flatMap(of).map((each) => [each.name, each])).values(),
  ]
  return { ...tables[0]!, columns: byName(({ columns }) => columns), indexes: byName(({ indexes }) => indexes) }
}

/** The tables of all types, each once: those of a type's lists behind its own. */
export function tablesOf(entities: readonly Entity[]): HeldTable[] {
  const implied = entities.flatMap((entity) => impliedTables(entity).map((table) => ({ table, entity })))
  return [...Map.groupBy(implied, ({ table }) => table.name).values()].map((all) => ({
    table: united(all.map(({ table }) => table)),
    types: all.map(({ entity }) => entity),
  }))
}
