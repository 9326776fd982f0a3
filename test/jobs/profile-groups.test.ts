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
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Issue } from '../../src/codec/refused.ts'
import { type Profile, profile } from '../../src/jobs/profile.ts'
import { ownAnswer } from '../../src/resolve/own-answer.ts'
import { decodeLeaf } from '../../src/stores/mongo/codec/decode.ts'
import { storedValues } from '../support/stored-values.ts'
import { openStores, type TestStores } from '../support/stores.ts'

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
    // Each stands in every field of a document of its own
    storedValues.map((value, id) => ({
      _id: id,
      ...Object.fromEntries(fields.map((name) => [name, value])),
    })) as never[],
  )
  documents = (await collection.find({}).toArray()) as Record<string, unknown>[]
  found = await profile({ mongo: stores.mongo, entity: Grid, entities: [], answer: ownAnswer, sample: null })
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
