import type { Document } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  add,
  addToSet,
  append,
  compute,
  divide,
  field,
  increment,
  insert,
  max,
  min,
  multiply,
  pop,
  pull,
  subtract,
} from '../../src/query/operations.ts'
import { planPatch } from '../../src/query/patch.ts'
import { insertRaw } from '../support/dirty.ts'
import { openStores, type TestStores } from '../support/stores.ts'
import { Vessel } from './vessel.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openStores([Vessel])
})

afterAll(() => stores.close())

type Input = Record<string, unknown>

const mean = compute(divide(add(multiply(field('draught'), field('crew')), 8), add(field('crew'), 1)))
const engine = { maker: null, power: null, fuel: null }
const fuel = { kind: null, tons: null, tags: null }

/** What a patch makes of a stored document; `after` holds the members that are looked at. */
const cases: readonly (readonly [title: string, before: Document, patch: Input, after: Input])[] = [
  ['sets a missing value', {}, { crew: 5, name: 'A' }, { crew: 5, name: 'A' }],
  ['sets a dirty value', { crew: [1] }, { crew: 5 }, { crew: 5 }],
  ['sets null', { crew: 5 }, { crew: null }, { crew: null }],
  ['leaves out what is undefined', { crew: 5 }, { crew: undefined }, { crew: 5 }],
  ['changes nothing where nothing is asked', { crew: 5 }, {}, { crew: 5 }],
  [
    'sets what the converter means as null to null',
    { active: true, callSign: 'A' },
    { active: false, callSign: 'n/a' },
    { active: null, callSign: null },
  ],
  [
    'sets instants before 1970',
    {},
    { launched: new Date('1903-12-01T00:00:00.001Z') },
    { launched: new Date('1903-12-01T00:00:00.001Z') },
  ],
  ['sets text with quotes and dollars', {}, { name: '$name \'"\\' }, { name: '$name \'"\\' }],
  [
    'sets json whose keys look like operators',
    { papers: 1 },
    { papers: { $set: { 'a.b': ['$x'] }, __proto: null } },
    { papers: { $set: { 'a.b': ['$x'] }, __proto: null } },
  ],
  ['sets a json list', {}, { papers: [1, [2, null], 'x'] }, { papers: [1, [2, null], 'x'] }],
  ['sets json null', { papers: {} }, { papers: null }, { papers: null }],
  ['sets object ids', {}, { owner: '5F00000000000000000000AA' }, { owner: '5f00000000000000000000aa' }],
  ['sets minus zero as zero', {}, { draught: -0, crew: -0 }, { draught: 0, crew: 0 }],

  ['increments', { crew: 5 }, { crew: increment(2) }, { crew: 7 }],
  ['increments downwards', { crew: 5 }, { crew: increment(-7) }, { crew: -2 }],
  ['increments null from 0', { crew: null }, { crew: increment(2) }, { crew: 2 }],
  ['increments missing from 0', {}, { crew: increment(2) }, { crew: 2 }],
  ['increments a dirty value from 0', { crew: '12' }, { crew: increment(2) }, { crew: 2 }],
  ['increments a converted value', { built: '1995è' }, { built: increment(1) }, { built: 1996 }],
  ['increments a whole double as an int', { crew: 5.0 }, { crew: increment(1) }, { crew: 6 }],
  ['increments to what means null', { crew: 0 }, { crew: increment(-1) }, { crew: null }],
  ['increments a float', { draught: 0.1 }, { draught: increment(0.2) }, { draught: 0.30000000000000004 }],
  ['increments a float by a whole number', { draught: 6 }, { draught: increment(1) }, { draught: 7 }],
  ['increments NaN from 0', { draught: Number.NaN }, { draught: increment(1) }, { draught: 1 }],
  [
    'increments under a null parent',
    { engine: null },
    { 'engine.power': increment(2) },
    { engine: { ...engine, power: 2 } },
  ],
  ['increments under a missing parent', {}, { 'engine.power': increment(2) }, { engine: { ...engine, power: 2 } }],
  [
    'increments under a parent that is text',
    { engine: 'none' },
    { 'engine.power': increment(2) },
    { engine: { ...engine, power: 2 } },
  ],
  [
    'increments under a parent that is a list',
    { engine: [{ power: 7 }] },
    { 'engine.power': increment(2) },
    { engine: { ...engine, power: 2 } },
  ],

  [
    'sets two levels down under missing parents',
    {},
    { 'engine.fuel.kind': 'gas' },
    { engine: { ...engine, fuel: { ...fuel, kind: 'gas' } } },
  ],
  [
    'sets two levels down under a null parent',
    { engine: { maker: 'M', fuel: null } },
    { 'engine.fuel.tons': 2 },
    { engine: { maker: 'M', power: null, fuel: { ...fuel, tons: 2 } } },
  ],
  [
    'keeps siblings',
    { engine: { maker: 'M', fuel: { tons: 1 } } },
    { 'engine.fuel.kind': 'gas' },
    { engine: { maker: 'M', power: null, fuel: { ...fuel, kind: 'gas', tons: 1 } } },
  ],
  ['null inside a missing parent makes the parent', {}, { 'engine.maker': null }, { engine }],
  ['removes an embedded object', { engine: { maker: 'M', fuel: {} } }, { engine: null }, { engine: null }],
  [
    'removes one two levels down',
    { engine: { maker: 'M', fuel: { kind: 'gas' } } },
    { 'engine.fuel': null },
    { engine: { maker: 'M', power: null, fuel: null } },
  ],
  ['removes a dirty one', { engine: 'none' }, { engine: null }, { engine: null }],
  [
    'replaces an embedded object: what is not given is null',
    { engine: { maker: 'M', power: 5, fuel: { tons: 1 } } },
    { engine: { power: 6 } },
    { engine: { ...engine, power: 6 } },
  ],
  ['makes an empty embedded object', {}, { engine: {} }, { engine }],
  [
    'makes embedded objects two deep',
    {},
    { engine: { fuel: { tags: [] } } },
    { engine: { ...engine, fuel: { ...fuel, tags: [] } } },
  ],
  ['sets a path of another name under a missing object', {}, { seen: new Date(5) }, { seen: new Date(5) }],
  ['sets a path of another name under null', { meta: null }, { seen: new Date(5) }, { seen: new Date(5) }],

  ['appends', { flags: ['a'] }, { flags: append('b') }, { flags: ['a', 'b'] }],
  ['appends to null', { flags: null }, { flags: append('b') }, { flags: ['b'] }],
  ['appends to missing', {}, { flags: append('b') }, { flags: ['b'] }],
  ['appends to what is no list', { flags: 'a' }, { flags: append('b') }, { flags: ['b'] }],
  [
    'appends to a list with dirty elements',
    { flags: ['a', 5, null, ''] },
    { flags: append('b') },
    { flags: ['a', 'b'] },
  ],
  ['appends to converted elements', { decks: ['3rd', 'x'] }, { decks: append(4) }, { decks: [3, 4] }],
  ['appends a duplicate', { flags: ['a'] }, { flags: append('a') }, { flags: ['a', 'a'] }],
  [
    'appends under missing parents',
    {},
    { 'engine.fuel.tags': append('b') },
    { engine: { ...engine, fuel: { ...fuel, tags: ['b'] } } },
  ],
  ['appends to a child table', { ports: ['a'] }, { ports: append('b') }, { ports: ['a', 'b'] }],
  ['appends to a null child table', {}, { ports: append('b') }, { ports: ['b'] }],
  ['adds to a set', { flags: ['a'] }, { flags: addToSet('b') }, { flags: ['a', 'b'] }],
  ['adds nothing that is there', { flags: ['a', 'b'] }, { flags: addToSet('a') }, { flags: ['a', 'b'] }],
  ['adds to a null set', { flags: null }, { flags: addToSet('a') }, { flags: ['a'] }],
  ['adds to a set of doubles', { soundings: [1, 2] }, { soundings: addToSet(1) }, { soundings: [1, 2] }],
  ['adds to a child table', { ports: ['a'] }, { ports: addToSet('b') }, { ports: ['a', 'b'] }],
  ['adds nothing that is in the child table', { ports: ['b', 'a'] }, { ports: addToSet('a') }, { ports: ['b', 'a'] }],
  ['pulls all that are equal', { flags: ['a', 'b', 'a'] }, { flags: pull('a') }, { flags: ['b'] }],
  ['pulls the last one and leaves an empty list', { flags: ['a'] }, { flags: pull('a') }, { flags: [] }],
  ['pulls from null and leaves null', { flags: null }, { flags: pull('a') }, { flags: null }],
  ['pulls what is not there', { flags: ['b'] }, { flags: pull('a') }, { flags: ['b'] }],
  ['pulls from a child table', { ports: ['a', 'b', 'a', 'c'] }, { ports: pull('a') }, { ports: ['b', 'c'] }],
  ['pulls the last one from a child table', { ports: ['a'] }, { ports: pull('a') }, { ports: [] }],
  ['pulls from a null child table', {}, { ports: pull('a') }, { ports: null }],
  ['inserts before the first', { flags: ['a', 'b'] }, { flags: insert('c', 0) }, { flags: ['c', 'a', 'b'] }],
  ['inserts in between', { flags: ['a', 'b'] }, { flags: insert('c', 1) }, { flags: ['a', 'c', 'b'] }],
  ['inserts behind the last', { flags: ['a', 'b'] }, { flags: insert('c', 2) }, { flags: ['a', 'b', 'c'] }],
  ['inserts past the end', { flags: ['a'] }, { flags: insert('c', 2147483647) }, { flags: ['a', 'c'] }],
  ['inserts before the last', { flags: ['a', 'b'] }, { flags: insert('c', -1) }, { flags: ['a', 'c', 'b'] }],
  ['inserts before the second last', { flags: ['a', 'b'] }, { flags: insert('c', -2) }, { flags: ['c', 'a', 'b'] }],
  ['inserts past the beginning', { flags: ['a'] }, { flags: insert('c', -2147483647) }, { flags: ['c', 'a'] }],
  ['inserts just past the beginning', { flags: ['a', 'b'] }, { flags: insert('c', -3) }, { flags: ['c', 'a', 'b'] }],
  ['inserts into null', {}, { flags: insert('c', 3) }, { flags: ['c'] }],
  ['inserts into null from behind', { flags: null }, { flags: insert('c', -3) }, { flags: ['c'] }],
  ['inserts into an empty list', { flags: [] }, { flags: insert('c', 0) }, { flags: ['c'] }],
  [
    'inserts where dirty elements do not count',
    { decks: ['x', '3rd', 'y'] },
    { decks: insert(4, 0) },
    { decks: [4, 3] },
  ],
  ['inserts into a child table', { ports: ['a', 'b'] }, { ports: insert('c', 1) }, { ports: ['a', 'c', 'b'] }],
  ['inserts at its beginning', { ports: ['a', 'b'] }, { ports: insert('c', 0) }, { ports: ['c', 'a', 'b'] }],
  ['inserts past its beginning', { ports: ['a', 'b'] }, { ports: insert('c', -9) }, { ports: ['c', 'a', 'b'] }],
  ['inserts before its last', { ports: ['a', 'b'] }, { ports: insert('c', -1) }, { ports: ['a', 'c', 'b'] }],
  ['inserts past its end', { ports: ['a', 'b'] }, { ports: insert('c', 9) }, { ports: ['a', 'b', 'c'] }],
  ['inserts into a null child table', {}, { ports: insert('c', 1) }, { ports: ['c'] }],
  ['inserts into an empty child table', { ports: [] }, { ports: insert('c', -1) }, { ports: ['c'] }],
  ['takes out the last', { flags: ['a', 'b'] }, { flags: pop() }, { flags: ['a'] }],
  ['takes out the first', { flags: ['a', 'b'] }, { flags: pop('first') }, { flags: ['b'] }],
  ['takes out the only one', { flags: ['a'], ports: ['a'] }, { flags: pop(), ports: pop() }, { flags: [], ports: [] }],
  ['takes out the only one as the first', { flags: ['a'] }, { flags: pop('first') }, { flags: [] }],
  [
    'takes nothing out of an empty list',
    { flags: [], ports: [] },
    { flags: pop(), ports: pop() },
    { flags: [], ports: [] },
  ],
  ['takes nothing out of null', {}, { flags: pop(), ports: pop('first') }, { flags: null, ports: null }],
  ['takes out the last of a child table', { ports: ['a', 'b', 'c'] }, { ports: pop() }, { ports: ['a', 'b'] }],
  ['takes out the first of a child table', { ports: ['a', 'b', 'c'] }, { ports: pop('first') }, { ports: ['b', 'c'] }],

  ['lowers', { crew: 5 }, { crew: min(3) }, { crew: 3 }],
  ['does not raise by min', { crew: 5 }, { crew: min(7) }, { crew: 5 }],
  ['raises', { crew: 5 }, { crew: max(7) }, { crew: 7 }],
  ['does not lower by max', { crew: 5 }, { crew: max(-3) }, { crew: 5 }],
  ['sets null by min and by max', {}, { crew: min(7), draught: max(-1.5) }, { crew: 7, draught: -1.5 }],
  ['sets a dirty value by min', { crew: 'none' }, { crew: min(7) }, { crew: 7 }],
  ['lowers a converted value', { built: '1995è' }, { built: min(1990) }, { built: 1990 }],
  ['raises a float', { draught: 0.1 }, { draught: max(0.2) }, { draught: 0.2 }],
  [
    'keeps the later instant',
    { launched: new Date('1903-12-01T00:00:00.001Z') },
    { launched: max(new Date('1903-12-01T00:00:00.002Z')) },
    { launched: new Date('1903-12-01T00:00:00.002Z') },
  ],
  [
    'lowers a member, and makes its object',
    { engine: null },
    { 'engine.power': min(2) },
    { engine: { ...engine, power: 2 } },
  ],
  ['sets a list', { flags: ['a'] }, { flags: ['c', 'b'] }, { flags: ['c', 'b'] }],
  ['sets an empty list', {}, { flags: [], ports: [] }, { flags: [], ports: [] }],
  ['sets a list null', { flags: ['a'], ports: ['a'] }, { flags: null, ports: null }, { flags: null, ports: null }],
  ['sets a child table', { ports: ['a', 'b'] }, { ports: ['c', 'a', 'c'] }, { ports: ['c', 'a', 'c'] }],
  [
    'sets lists of text with braces and commas',
    {},
    { flags: ['{a,"b"}', 'NULL', '\\', ''.padEnd(3)] },
    { flags: ['{a,"b"}', 'NULL', '\\', '   '] },
  ],

  [
    'computes a running mean from the values before',
    { draught: 4, crew: 3 },
    { draught: mean, crew: increment(1) },
    { draught: 5, crew: 4 },
  ],
  ['computes with nulls as 0', {}, { draught: mean, crew: increment(1) }, { draught: 8, crew: 1 }],
  [
    'computes with dirty values as 0',
    { draught: 'deep', crew: '3' },
    { draught: mean, crew: increment(1) },
    { draught: 8, crew: 1 },
  ],
  [
    'divides whole numbers without cutting',
    { crew: 7 },
    { draught: compute(divide(field('crew'), 2)) },
    { draught: 3.5 },
  ],
  ['rounds an int half to even', { crew: 5 }, { crew: compute(divide(field('crew'), 2)) }, { crew: 2 }],
  ['rounds an int half to even upwards', { crew: 7 }, { crew: compute(divide(field('crew'), 2)) }, { crew: 4 }],
  ['rounds a negative int half to even', { crew: -5 }, { crew: compute(divide(field('crew'), 2)) }, { crew: -2 }],
  [
    'computes across embedded paths',
    { crew: 2, engine: { power: 10 } },
    { 'engine.power': compute(subtract(field('engine.power'), field('crew'))) },
    { engine: { ...engine, power: 8 } },
  ],
  [
    'changes several things at once',
    { flags: ['a'], ports: ['p'] },
    { flags: append('b'), ports: append('q'), crew: increment(1), engine: {} },
    { flags: ['a', 'b'], ports: ['p', 'q'], crew: 1, engine },
  ],
]

const refusals: readonly (readonly [title: string, before: Document, patch: Input])[] = [
  ['an int past 32 bits', { crew: 2147483647 }, { crew: increment(1) }],
  ['an int past 32 bits downwards', { crew: -2147483648 }, { crew: increment(-1) }],
  ['a computed int past 32 bits', { crew: 2147483647 }, { crew: compute(multiply(field('crew'), 2)) }],
  ['a float past the largest double', { draught: 1e308 }, { draught: increment(1.7e308) }],
  [
    'a computed float past the largest double',
    { draught: 1e308 },
    { draught: compute(multiply(field('draught'), 10)) },
  ],
  ['a division by zero', { draught: 1 }, { draught: compute(divide(1, field('crew'))) }],
  ['zero by zero', {}, { draught: compute(divide(field('draught'), field('crew'))) }],
]

describe.each(['mongo', 'postgres'] as const)('Patches in %s', (origin) => {
  const stamp = { epoch: 0, owed: false }

  test.each(cases)('%s', async (_title, before, patch, after) => {
    const id = await insertRaw(stores, Vessel, before)
    const image = await stores[origin].authority.patch(Vessel, id, planPatch(Vessel, patch), stamp)
    expect(image?.record).toMatchObject(after)
    const [stored] = await stores[origin].outbox.images(Vessel, [id])
    expect(stored?.record).toEqual(image?.record)
  })

  test.each(refusals)('refuses %s and changes nothing', async (_title, before, patch) => {
    const id = await insertRaw(stores, Vessel, before)
    const [stored] = await stores[origin].outbox.images(Vessel, [id])
    await expect(stores[origin].authority.patch(Vessel, id, planPatch(Vessel, patch), stamp)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    })
    expect((await stores[origin].outbox.images(Vessel, [id]))[0]).toEqual(stored)
  })
})
