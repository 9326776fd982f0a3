import type { KindName } from '../codec/kinds.ts'
import type { Entity, Leaf } from './entity.ts'

/** A column that the mapping implies; `type` is the kind, or a bookkeeping type of ours. */
export interface ImpliedColumn {
  readonly name: string
  readonly type: KindName | 'presence' | 'count' | 'rest' | 'version' | 'position'
  readonly array: boolean
  readonly notNull: boolean
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

const column = (name: string, type: ImpliedColumn['type'], notNull = false, array = false): ImpliedColumn => ({
  name,
  type,
  array,
  notNull,
})

function leafColumn(leaf: Leaf): ImpliedColumn {
  if (leaf.list === 'child') return column(leaf.column, 'count')
  // Required fields stay nullable: a dirty record moves all the same, with a data issue.
  return column(leaf.column, leaf.kind, false, leaf.list === 'column')
}

function childTable(entity: Entity, leaf: Leaf): ImpliedTable {
  return {
    name: leaf.childTable!,
    columns: [
      column('parent_id', entity.idKind, true),
      column('position', 'position', true),
      column('value', leaf.kind, true),
    ],
    primaryKey: ['parent_id', 'position'],
    parent: entity.postgres,
    indexes: leaf.index ? [{ name: `${leaf.childTable}_value_idx`, path: leaf.path, columns: ['value'] }] : [],
  }
}

/** The tables of an entity: its own first, then one for each list in a child table. */
export function impliedTables(entity: Entity): ImpliedTable[] {
  const leaves = [...entity.leaves.values()]
  const own: ImpliedTable = {
    name: entity.postgres,
    columns: [
      column('id', entity.idKind, true),
      ...[...entity.embeds.values()].map((embed) => column(embed.column, 'presence')),
      ...leaves.map(leafColumn),
      column('rest', 'rest'),
      column('_cf_epoch', 'version', true),
      column('_cf_counter', 'version', true),
    ],
    primaryKey: ['id'],
    parent: null,
    indexes: leaves
      .filter((leaf) => leaf.list === 'none' && (leaf.index || leaf.unique || leaf.references))
      .map(({ path, column }) => ({ name: `${entity.postgres}_${column}_idx`, path, columns: [column, 'id'] })),
  }
  return [own, ...leaves.filter((leaf) => leaf.list === 'child').map((leaf) => childTable(entity, leaf))]
}
