import {
  boolean,
  decimal,
  defineEntity,
  enumeration,
  float,
  int,
  long,
  objectId,
  text,
  timestamp,
  uuid,
} from 'crossfade'
import { Binary, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Issue } from '../../src/codec/refused.ts'
import { type Profile, profile } from '../../src/jobs/profile.ts'
import { ownAnswer } from '../../src/resolve/own-answer.ts'
import { decodeLeaf } from '../../src/stores/mongo/codec/decode.ts'
import { openStores, type TestStores } from '../support/stores.ts'

/** What people have stored; each stands in every field of a document of its own. */
const values: readonly unknown[] = [
  null,
  ...['', ' ', '\t12\n', '12', '+12', '-0', '1.5', '.5', '1e3', '1e999', '99999999999', '0x10', '0b11', ' 0o7 '],
  ...[
    'Infinity',
    'NaN',
    '1995è',
    'dear',
    'a\0b',
    'open',
    'true',
    '-',
    '650000000000000000000008',
    'ABCDEF000000000000000000',
  ],
  ...['24', '0xFFFFFFFFFF', '0x', '1,5', '１２', '12\u00a0', '\u3000', 'a\u00a0', '21474836470', '0', 'e5', '1_000'],
  ...[0, -0, 1, -1, 2147483647, 2147483648, -2147483649, 1.5, 1e-7, 1e-320, 2 ** 53, 2 ** 53 + 2, 1e21, 1e308].map(
    (n) => new Double(n),
  ),
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((n) => new Double(n)),
  ...[0, 7, -7, 2147483647].map((n) => new Int32(n)),
  ...[
    '0',
    '5',
    '2147483648',
    '9007199254740992',
    '9007199254740993',
    '-9223372036854775808',
    '9223372036854775807',
  ].map((n) => Long.fromString(n)),
  ...['0', '12', '12.0', '19.99', '1E+3', '1E-7', '1E+400', 'NaN', 'Infinity', '2147483648'].map((n) =>
    Decimal128.fromString(n),
  ),
  ...[true, false, new Date(0), new Date('1990-05-01T12:30:00.123Z'), new Date(12), new Date(-1)],
  ...[
    '650000000000000000000008',
    '65000000000000000000000a',
    '000000000000000000000012',
    '0000000000000000000000e1',
  ].map((hex) => new ObjectId(hex)),
  ...[new Binary(Buffer.from('ab')), new UUID('5f0c5e4e-0000-4000-8000-000000000001'), new Timestamp({ t: 1, i: 1 })],
  ...[/a/, {}, { a: 1 }, [], ['a'], [1], new MinKey(), new MaxKey()],
]

const Grid = defineEntity('Grid', {
  mongo: 'grid',
  postgres: 'grid',
  id: int(),
  fields: {
    text: text(),
    textStrict: text().strict(),
    textNull: text({ nullIf: ['', '-'] }),
    int: int(),
    intStrict: int().strict(),
    intPrefix: int({ intPrefix: true, nullIf: [0, ''] }),
    float: float(),
    floatStrict: float({ nullIf: [''] }).strict(),
    boolean: boolean(),
    booleanNull: boolean({ nullIf: [false] }),
    objectId: objectId(),
    objectIdStrict: objectId().strict(),
    enumeration: enumeration(['open', '12', 'true']),
    timestamp: timestamp(),
    long: long(),
    decimal: decimal(),
    uuid: uuid(),
  },
})

let stores: TestStores
let found: Profile
let documents: Record<string, unknown>[]

beforeAll(async () => {
  stores = await openStores([Grid])
  const collection = stores.mongo.connection.collection(Grid)
  const fields = [...Grid.leaves.keys()]
  await collection.insertMany(
    values.map((value, id) => ({ _id: id, ...Object.fromEntries(fields.map((name) => [name, value])) })) as never[],
  )
  documents = (await collection.find({}).toArray()) as Record<string, unknown>[]
  found = await profile({ mongo: stores.mongo, entity: Grid, answer: ownAnswer, sample: null })
})
afterAll(() => stores.close())

const total = (counts: readonly { readonly count: number }[]): number =>
  counts.reduce((sum, { count }) => sum + count, 0)

test.each([...Grid.leaves.values()])('the values that are counted as alike fare alike, one by one: $path', (leaf) => {
  let [some, none, otherwise] = [0, 0, 0]
  const lost: Record<string, number> = {}
  for (const document of documents) {
    const raw = document[leaf.path]
    const issues: Issue[] = []
    const decoded = decodeLeaf(leaf, raw, issues)
    const rule = issues[0]?.rule
    if (rule !== undefined) lost[rule] = (lost[rule] ?? 0) + 1
    else if (decoded === null) none++
    else some++
    const today = ownAnswer(leaf.kind, raw)
    if (today !== undefined && today !== decoded) otherwise++
  }
  const told = found.fields.find(({ path }) => path === leaf.path)!
  const rules: Record<string, number> = {}
  for (const { rule, count } of told.lost) rules[rule] = (rules[rule] ?? 0) + count
  expect({
    some: told.own + total(told.coerced),
    none: told.nulls,
    lost: rules,
    otherwise: total(told.otherwise),
  }).toEqual({ some, none, lost, otherwise })
})
