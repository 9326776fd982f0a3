import { boolean, decimal, defineEntity, embed, float, int, json, list, long, text, timestamp } from 'crossfade'
import { expect, test } from 'vitest'
import { canonicalRecord } from '../../src/compare/canonical.ts'
import { fromCanonical } from '../../src/compare/from-canonical.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import type { Json } from '../../src/util/json.ts'

const Crate = defineEntity('Crate', {
  mongo: 'crates',
  postgres: 'crates',
  id: text(),
  fields: {
    count: int(),
    ticks: long(),
    price: decimal(),
    weight: float(),
    packed: timestamp(),
    open: boolean(),
    data: json(),
    marks: list(text()),
    box: embed({ size: int(), lid: embed({ colour: text() }) }),
    parts: list(embed({ name: text(), sizes: list(int()), inner: embed({ n: long() }) })).childTable('crate_parts'),
  },
})

const nothing = {
  count: null,
  ticks: null,
  price: null,
  weight: null,
  packed: null,
  open: null,
  data: null,
  marks: null,
  box: null,
  parts: null,
}
const full = {
  count: -7,
  ticks: 9007199254740993n,
  price: '12.50',
  weight: 2.5,
  packed: new Date(-5),
  open: false,
  data: { z: [1, null], a: '$x' },
  marks: [],
  box: { size: null, lid: { colour: 'red' } },
  parts: [
    { name: 'a', sizes: [3, 1], inner: { n: -1n } },
    { name: null, sizes: null, inner: null },
  ],
}

test.each([
  ['of all kinds', full],
  ['of nothing', nothing],
  ['of an object in which nothing is', { ...nothing, box: { size: null, lid: null } }],
  ['of an empty list of objects', { ...nothing, parts: [] }],
])('a record %s comes back from JSON as it was', (_, values) => {
  const record = newRecord(Crate, 'c', values)
  const kept = JSON.parse(JSON.stringify(canonicalRecord(Crate, record))) as Json
  expect(newRecord(Crate, 'c', fromCanonical(Crate, kept))).toEqual(record)
})

const canonical = canonicalRecord(Crate, newRecord(Crate, 'c', full)) as Record<string, Json>
const without = (path: string): Json => Object.fromEntries(Object.entries(canonical).filter(([key]) => key !== path))

test.each<[string, Json, string]>([
  ['that lacks a field that the mapping names by now', without('count'), 'Crate: there is nothing of count.'],
  ['that lacks one of an object', without('box.lid.colour'), 'Crate: there is nothing of box.lid.colour.'],
  ['that has no list where one is', { ...canonical, marks: 'x' }, 'Crate: marks is of another form.'],
  ['that has no objects in a list of them', { ...canonical, parts: [1] }, 'Crate: an object was expected.'],
  ['that is none', 'crate', 'Crate: an object was expected.'],
])('one %s is refused: nulls would be written', (_, kept, message) => {
  expect(() => fromCanonical(Crate, kept)).toThrow(message)
})
