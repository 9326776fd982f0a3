import { defineEntity, int, json } from 'crossfade'
import { ObjectId } from 'mongodb'
import { scenario } from '../scenario.ts'

const $id = new ObjectId('5f00000000000000000000aa')

export default scenario({
  title:
    'Objects with $ref and $id, which drivers make references: they are the objects that they are stored as, in json() or unmapped',
  entity: defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: int(), fields: { schema: json() } }),
  documents: [
    { _id: 1, schema: { $ref: '#/definitions/x', $id: 'https://x', title: 'X' } },
    { _id: 2, schema: [{ $ref: 'users', $id: 5, $db: 'other', since: 5 }] },
    { _id: 3, unmapped: { $ref: 'users', $id, $db: 'other', since: 5 } },
    { _id: 4, schema: { $ref: 'users', $id } },
  ],
  records: [
    { id: 1, schema: { $ref: '#/definitions/x', $id: 'https://x', title: 'X' } },
    { id: 2, schema: [{ $ref: 'users', $id: 5, $db: 'other', since: 5 }] },
    { id: 3, schema: null },
    { id: 4, schema: { $ref: 'users', $id: { $oid: '5f00000000000000000000aa' } } },
  ],
})
