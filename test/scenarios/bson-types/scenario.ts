import { binary, decimal, defineEntity, int, json, long } from 'crossfade'
import { Binary, BSONRegExp, Decimal128, Long, MaxKey, MinKey, Timestamp } from 'mongodb'
import { scenario } from '../scenario.ts'

export default scenario({
  title: 'Decimal128, Long and Binary have kinds; Timestamp, regex, MinKey and MaxKey survive where nothing maps them',
  entity: defineEntity('Probe', {
    mongo: 'probes',
    postgres: 'probes',
    id: int(),
    fields: { price: decimal(), ticks: long(), blob: binary(), extra: json() },
  }),
  documents: [
    {
      _id: 1,
      price: Decimal128.fromString('1234567890123456789012345678.901234'),
      ticks: Long.fromString('9007199254740993'),
      blob: new Binary(Buffer.from([0, 1, 254])),
      stamp: new Timestamp({ t: 1_700_000_000, i: 7 }),
      pattern: new BSONRegExp('^a.*$', 'i'),
      low: new MinKey(),
      high: new MaxKey(),
      nested: { deep: [{ price: Decimal128.fromString('0.10') }, Long.fromString('-9007199254740993')] },
    },
    { _id: 2, extra: { at: new Timestamp({ t: 1, i: 1 }) } },
  ],
  records: [
    {
      id: 1,
      price: '1234567890123456789012345678.901234',
      ticks: 9007199254740993n,
      blob: 'AAH+',
      extra: null,
    },
    { id: 2, price: null, ticks: null, blob: null, extra: { at: null } },
  ],
  issues: [[2, 'extra.at', 'has no JSON form']],
})
