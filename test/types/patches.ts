import {
  add,
  addToSet,
  append,
  changeWhere,
  compute,
  divide,
  everything,
  field,
  increment,
  insert,
  max,
  min,
  pop,
  pull,
  where,
} from 'crossfade'
import { Ship, tx } from './app.ts'

export async function patches(): Promise<void> {
  const ships = tx.of(Ship)
  await ships.patch(5, {
    name: 'Batavia',
    'engine.power': 12.5,
    flag: null,
    engine: { power: 1 },
    holds: [{ label: 'fore' }],
    papers: { owner: ['VOC'] },
  })
  // @ts-expect-error no such path
  await ships.patch(5, { nmae: 'Batavia' })
  // @ts-expect-error no such member
  await ships.patch(5, { 'engine.powr': 1 })
  // @ts-expect-error a member of objects in a list has no path of its own
  await ships.patch(5, { 'holds.tons': 1 })
  // @ts-expect-error a text is no number
  await ships.patch(5, { crew: '341' })
  // @ts-expect-error nor in an object
  await ships.patch(5, { engine: { power: '1' } })
  // @ts-expect-error not one of its values
  await ships.patch(5, { flag: 'XX' })
  // @ts-expect-error a list is set whole
  await ships.patch(5, { ports: 'Hoorn' })
}

export async function operations(): Promise<void> {
  const ships = tx.of(Ship)
  await ships.patch(5, {
    crew: increment(-1),
    cargo: increment('0.10'),
    miles: increment(5n),
    ports: addToSet('Hoorn'),
    holds: append({ label: 'aft' }),
    'engine.power': compute(divide(add(field('engine.power'), field('crew')), 2)),
  })
  await ships.patch(5, { holds: pull(where(Ship, 'holds', { tons: { lt: 5 } })) })
  await ships.patch(5, {
    crew: min(9),
    cargo: max('0.10'),
    ports: insert('Hoorn', 0),
    holds: insert({ label: 'a' }, -1),
  })
  await ships.patch(5, { ports: pop(), holds: pop('first') })
  const light = where(Ship, 'holds', { tons: { lt: 5 } })
  await ships.patch(5, { holds: changeWhere(light, { tons: increment(1), label: 'light' }) })
  await ships.patch(5, { holds: changeWhere(everything, { tons: null }) })
  // @ts-expect-error a text is not compared
  await ships.patch(5, { name: min('a') })
  // @ts-expect-error of another kind
  await ships.patch(5, { crew: max('9') })
  // @ts-expect-error no list
  await ships.patch(5, { crew: insert(1, 0) })
  // @ts-expect-error of another kind than its elements
  await ships.patch(5, { ports: insert(1, 0) })
  // @ts-expect-error which end?
  await ships.patch(5, { ports: pop('second') })
  // @ts-expect-error no such member
  await ships.patch(5, { holds: changeWhere(light, { tns: 1 }) })
  // @ts-expect-error members have their kinds
  await ships.patch(5, { holds: changeWhere(light, { tons: '1' }) })
  // @ts-expect-error a condition on ships, not on their holds
  await ships.patch(5, { holds: changeWhere(where(Ship, { name: { eq: 'Batavia' } }), { tons: 1 }) })
  // @ts-expect-error values have no members
  await ships.patch(5, { ports: changeWhere(light, { tons: 1 }) })
  // @ts-expect-error texts do not grow
  await ships.patch(5, { name: increment(1) })
  // @ts-expect-error ints grow by numbers
  await ships.patch(5, { crew: increment('1') })
  // @ts-expect-error no list
  await ships.patch(5, { crew: append(1) })
  // @ts-expect-error of another kind than its elements
  await ships.patch(5, { ports: append(1) })
  // @ts-expect-error members have their kinds
  await ships.patch(5, { holds: append({ label: 1 }) })
  // @ts-expect-error and must be there
  await ships.patch(5, { holds: append({ tons: 1 }) })
  // @ts-expect-error objects have no order of equality
  await ships.patch(5, { holds: addToSet({ label: 'a' }) })
  // @ts-expect-error no such number
  await ships.patch(5, { crew: compute(add(field('crw'), 1)) })
  // @ts-expect-error a text is no number
  await ships.patch(5, { crew: compute(add(field('name'), 1)) })
  // @ts-expect-error decimals are not computed by doubles
  await ships.patch(5, { cargo: compute(add(field('crew'), 1)) })
  // @ts-expect-error a condition on ships, not on their holds
  await ships.patch(5, { holds: pull(where(Ship, { name: { eq: 'Batavia' } })) })
  // @ts-expect-error no such member
  await ships.patch(5, { holds: pull(where(Ship, 'holds', { tns: { lt: 5 } })) })
}
