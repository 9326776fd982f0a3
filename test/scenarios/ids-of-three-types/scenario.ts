import { defineEntity, objectId, text } from 'crossfade'
import { ObjectId } from 'mongodb'
import { scenario } from '../scenario.ts'

export default scenario({
  title:
    'Ids are ObjectIds, text and numbers in one collection: one type has records, the others are reported and left alone',
  entity: defineEntity('Ticket', { mongo: 'tickets', postgres: 'tickets', id: objectId(), fields: { name: text() } }),
  documents: [
    { _id: new ObjectId('00000000000000000000000a'), name: 'new' },
    { _id: '00000000000000000000000a', name: 'imported' },
    { _id: 10, name: 'old' },
  ],
  records: [{ id: '00000000000000000000000a', name: 'new' }],
  quarantined: ['"00000000000000000000000a"', '{"$numberInt":"10"}'],
  finds: [{ where: { op: 'contains', path: 'name', value: '' }, ids: ['00000000000000000000000a'] }],
})
