import type { Id, Leaf, Node, Rec } from '../../../entity/entity.ts'
import { postgresKind } from './postgres-kinds.ts'

/** A row as the driver returns it, keyed by column. */
export type Row = Readonly<Record<string, unknown>>

export function decodeLeaf(leaf: Leaf, raw: unknown): unknown {
  if (raw === null || raw === undefined) return null
  const { decode } = postgresKind(leaf.kind)
  return leaf.list === 'none' ? decode(raw) : (raw as unknown[]).map(decode)
}

function decodeNodes(nodes: readonly Node[], row: Row): Record<string, unknown> {
  const record: Record<string, unknown> = {}
  for (const node of nodes) {
    if (node.leaf) record[node.key] = decodeLeaf(node.leaf, row[node.leaf.column])
    else record[node.key] = row[node.embed.column] === true ? decodeNodes(node.nodes, row) : null
  }
  return record
}

export function decodeRow(nodes: readonly Node[], row: Row): Rec {
  return { id: row['id'] as Id, ...decodeNodes(nodes, row) }
}
