import type { Id, Leaf, Node, ObjectList, Rec } from '../../../entity/entity.ts'
import { own } from '../../../util/json.ts'
import { postgresKind } from './postgres-kinds.ts'

/** A row as the driver returns it, keyed by column. */
export type Row = Readonly<Record<string, unknown>>

export function decodeLeaf(leaf: Leaf, raw: unknown): unknown {
  if (raw === null || raw === undefined) return null
  const { decode } = postgresKind(leaf.kind)
  return leaf.list === 'none' ? decode(raw) : (raw as unknown[]).map(decode)
}

/** The same for a value that came as a member of JSON. */
function decodeJsonLeaf(leaf: Leaf, raw: unknown): unknown {
  const { fromText } = postgresKind(leaf.kind)
  if (!fromText || raw === null || raw === undefined) return decodeLeaf(leaf, raw)
  return leaf.list === 'none' ? fromText(raw as string) : (raw as string[]).map((text) => fromText(text))
}

function decodeObjects(list: ObjectList, rows: readonly Row[] | null): unknown {
  return rows?.map((row) => decodeNodes(list.nodes, row, decodeJsonLeaf)) ?? null
}

function decodeNodes(nodes: readonly Node[], row: Row, decode: typeof decodeLeaf): Record<string, unknown> {
  const record: Record<string, unknown> = {}
  for (const node of nodes) {
    if (node.leaf) record[node.key] = decode(node.leaf, own(row, node.leaf.column))
    else if (node.list) record[node.key] = decodeObjects(node.list, own(row, node.list.column) as readonly Row[] | null)
    else record[node.key] = own(row, node.embed.column) === true ? decodeNodes(node.nodes, row, decode) : null
  }
  return record
}

export function decodeRow(nodes: readonly Node[], row: Row): Rec {
  return { id: row['id'] as Id, ...decodeNodes(nodes, row, decodeLeaf) }
}
