import { BSON, type Document } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import { decodeId } from './codec/decode.ts'
import type { MongoConnection } from './connection.ts'

/** What has become of a document that had no record. */
export type Fate = { readonly id: string } & (
  | { readonly is: 'gone' | 'still there' }
  | { readonly is: 'a record'; readonly record: Id }
)

/** The `_id` that an issue names; undefined where its text was too long to be kept whole, or is of no Extended JSON. */
function idIn(text: string): unknown {
  try {
    return BSON.EJSON.parse(`{"id":${text}}`, { relaxed: false }).id
  } catch {
    return undefined
  }
}

/** Looks again at documents whose ids fitted no record. @param ids as data issues name them. */
export async function fatesOf(
  { collection }: MongoConnection,
  entity: Entity,
  ids: readonly string[],
): Promise<Fate[]> {
  const known = ids.map((id) => [id, idIn(id)] as const)
  const asked = known.flatMap(([, raw]) => (raw === undefined ? [] : [raw]))
  const match: Document = { _id: { $in: asked } }
  const found = await collection(entity)
    .find(match, { projection: { _id: 1 } })
    .toArray()
  const there = new Map(found.map(({ _id }) => [BSON.EJSON.stringify(_id, { relaxed: false }), _id]))
  return known.map(([id, raw]): Fate => {
    if (raw === undefined) return { id, is: 'still there' }
    const stored = there.get(BSON.EJSON.stringify(raw, { relaxed: false }))
    if (stored === undefined) return { id, is: 'gone' }
    const record = decodeId(entity, stored)
    return record instanceof Refused ? { id, is: 'still there' } : { id, is: 'a record', record }
  })
}
