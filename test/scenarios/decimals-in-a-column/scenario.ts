import { decimal, defineEntity, int, list } from 'crossfade'
import { Decimal128 } from 'mongodb'
import { scenario } from '../scenario.ts'

const digits = '74910987379821071'

export default scenario({
  title: "Found by a property test: the driver made a numeric[] doubles, and a decimal's last digits were lost",
  entity: defineEntity('Bill', { mongo: 'bills', postgres: 'bills', id: int(), fields: { sums: list(decimal()) } }),
  documents: [{ _id: 1, sums: [Decimal128.fromString(digits)] }],
  records: [{ id: 1, sums: [digits] }],
  finds: [{ where: { op: 'has', path: 'sums', values: [digits], need: 'some' }, ids: [1] }],
})
