import { binary, decimal, defineEntity, int, json, long } from 'crossfade'
import { Binary, BSONRegExp, Code, Decimal128, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID } from 'mongodb'
import { scenario } from '../scenario.ts'

export default scenario({
  title:
    'Decimal128, Long and Binary have kinds; the others are Extended JSON in json(), and survive where nothing maps them',
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
    {
      _id: 2,
      extra: {
        at: new Timestamp({ t: 1, i: 1 }),
        date: new Date('2020-01-02T03:04:05.678Z'),
        old: new Date(-1),
        id: new ObjectId('5f00000000000000000000aa'),
        price: Decimal128.fromString('19.90'),
        long: Long.fromString('9007199254740993'),
        uuid: new UUID('0198c5a3-7e1c-7bb2-8f4e-00a1b2c3d4e5'),
        bytes: new Binary(Buffer.from('x')),
        pattern: new BSONRegExp('^a.*$', 'i'),
        lost: Number.NaN,
        ends: [new MinKey(), new MaxKey()],
        // Objects that only look like Extended JSON, or are another writing of it
        like: { $date: 'yesterday', at: { $oid: 'zz' } },
        plain: { $date: '2020-01-02T03:04:05.678+00:00' },
      },
    },
    { _id: 3, extra: { run: new Code('f()'), nul: new BSONRegExp('a') } },
  ],
  records: [
    {
      id: 1,
      price: '1234567890123456789012345678.901234',
      ticks: 9007199254740993n,
      blob: 'AAH+',
      extra: null,
    },
    {
      id: 2,
      price: null,
      ticks: null,
      blob: null,
      extra: {
        at: { $timestamp: { t: 1, i: 1 } },
        date: { $date: '2020-01-02T03:04:05.678Z' },
        old: { $date: { $numberLong: '-1' } },
        id: { $oid: '5f00000000000000000000aa' },
        price: { $numberDecimal: '19.90' },
        long: { $numberLong: '9007199254740993' },
        uuid: { $binary: { base64: 'AZjFo34ce7KPTgChssPU5Q==', subType: '04' } },
        bytes: { $binary: { base64: 'eA==', subType: '00' } },
        pattern: { $regularExpression: { pattern: '^a.*$', options: 'i' } },
        lost: { $numberDouble: 'NaN' },
        ends: [{ $minKey: 1 }, { $maxKey: 1 }],
        like: { $date: 'yesterday', at: { $oid: 'zz' } },
        plain: { $date: '2020-01-02T03:04:05.678+00:00' },
      },
    },
    {
      id: 3,
      price: null,
      ticks: null,
      blob: null,
      extra: { run: null, nul: { $regularExpression: { pattern: 'a', options: '' } } },
    },
  ],
  issues: [[3, 'extra.run', 'has no JSON form']],
})
