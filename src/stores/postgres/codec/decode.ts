import type { Id, Leaf, Node, ObjectList, Rec } from '../../../entity/entity.ts'
import { mapValue } from '../../../entity/lists.ts'
import { type Json, own } from '../../../util/json.ts'
import { postgresKind } from './postgres-kinds.ts'

/** A row as the driver returns it, keyed by column. */
export type Row = Readonly<Record<string, unknown>>

/** A row of a record's own table. The rest is there where the statement asks for it. */
export interface RecordRow extends Row {
  readonly id: Id
  readonly rest?: Json
}

/** An object of a list, likewise. */
export interface ElementRow extends Row {
  readonly rest?: Json
}

/** The rows of a list of objects; null where the record has none, or the statement did not ask. */
export function elementRows(row: Row, list: ObjectList): readonly ElementRow[] | null {
  const rows = own(row, list.column) ?? null
  if (rows === null) return null
  if (!Array.isArray(rows)) throw new TypeError(`${list.column} is no list of rows`)
  return rows
}

export function decodeLeaf(leaf: Leaf, raw: unknown): unknown {
  if (raw === null || raw === undefined) return null
  const { decode } = postgresKind(leaf.kind)
  return mapValue(leaf, raw, decode)
}

/** The same for a value that came as a member of JSON. */
function decodeJsonLeaf(leaf: Leaf, raw: unknown): unknown {
  const { fromText } = postgresKind(leaf.kind)
  if (!fromText || raw === null || raw === undefined) return decodeLeaf(leaf, raw)
  return mapValue(leaf, raw, fromText)
}

function decodeObjects(list: ObjectList, rows: readonly Row[] | null): unknown {
  return rows?.map((row) => decodeNodes(list.nodes, row, decodeJsonLeaf)) ?? null
}

type Decoded = Record<string, unknown>

function decodeNodes(nodes: readonly Node[], row: Row, decode: typeof decodeLeaf, record: Decoded = {}): Decoded {
  for (const node of nodes) {
    if (node.leaf) record[node.key] = decode(node.leaf, own(row, node.leaf.column))
    else if (node.list) record[node.key] = decodeObjects(node.list, elementRows(row, node.list))
    else record[node.key] = own(row, node.embed.column) === true ? decodeNodes(node.nodes, row, decode) : null
  }
  return record
}

export function decodeRow(nodes: readonly Node[], row: RecordRow): Rec {
  const record: Decoded & { readonly id: Id } = { id: row.id }
  decodeNodes(nodes, row, decodeLeaf, record)
  return record
}
