import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertExported } from '../../src/demo/sample.ts'
import { defineEntity } from '../../src/entity/define-entity.ts'
import { int, objectId, text } from '../../src/entity/field.ts'
import { fieldSet } from '../../src/entity/field-set.ts'
import { isClean, isPlain, lookAt } from '../../src/stores/mongo/clean-paths.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Plank = defineEntity('Plank', {
  mongo: 'planks',
  postgres: 'planks',
  id: objectId(),
  fields: { wood: text(), length: int(), age: int({ intPrefix: true }), width: int(), grade: int() },
})

const id = (n: number): string => n.toString(16).padStart(24, '0')

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Plank])
  await insertExported(stores.mongo.connection, 'planks', [
    { _id: { $oid: id(1) }, wood: 'oak', length: 3, age: 5, width: 2, grade: '1' },
    { _id: { $oid: id(2) }, wood: null, length: 2.5, age: 6, width: 1 },
    { _id: { $oid: id(3) }, length: 1, age: 7 },
  ])
})
afterAll(() => stores.close())

test('a field is clean where every stored value is null, missing or of its kind, and plain where none means something as another type', async () => {
  const { connection } = stores.mongo
  const paths = ['wood', 'length', 'age', 'width', 'grade']
  const leaf = (path: string) => Plank.leaves.get(path)!
  expect([isClean(connection, Plank, leaf('wood')), isPlain(connection, Plank, leaf('wood'))]).toEqual([false, false]) // nobody has looked yet
  for (const path of paths) await lookAt(connection, Plank, leaf(path))
  await sleep(50)
  await lookAt(connection, Plank, leaf('wood'))
  const answers = paths.map((path) => [
    path,
    isClean(connection, Plank, leaf(path)),
    isPlain(connection, Plank, leaf(path)),
  ])
  expect(answers).toEqual([
    ['wood', true, true],
    ['length', false, true], // 2.5 is no whole number
    ['age', false, true], // a converter stands between
    ['width', true, true],
    ['grade', false, false], // the text "1" is the number 1
  ])
})

test('the order is the same before and after it is known that a field is clean', async () => {
  const wanted = {
    where: { op: 'and', of: [] },
    order: [
      { path: 'width', direction: 'desc' },
      { path: 'id', direction: 'asc' },
    ],
    limit: 5,
    fields: fieldSet(Plank, []),
  } as const
  const ids = async () => (await stores.mongo.reader.query(Plank, wanted)).map(({ record }) => record.id)
  expect(await ids()).toEqual([id(1), id(2), id(3)])
  await sleep(300)
  expect(await ids()).toEqual([id(1), id(2), id(3)])
})
