import { setTimeout as sleep } from 'node:timers/promises'
import { defineEntity, text } from 'crossfade'
import { type Collection, type Document, Long } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import type { Entity, Rec } from '../../src/entity/entity.ts'
import { flagKeyOf } from '../../src/entity/flag-key.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { missingIndexes } from '../../src/evidence/index-parity.ts'
import { retirement } from '../../src/jobs/retire.ts'
import { unkeptPromises } from '../../src/jobs/unique-promises.ts'
import { Capture } from '../../src/mirror/capture.ts'
import { captured, caughtUp } from '../../src/mirror/captured.ts'
import { Mirror } from '../../src/mirror/mirror.ts'
import { sweep } from '../../src/mirror/sweep.ts'
import { heldText } from '../../src/stores/held-text.ts'
import { storeNow } from '../../src/stores/mongo/clock.ts'
import { mongoIndexes, tellingKeys } from '../../src/stores/mongo/indexes.ts'
import { documentsOfNoType } from '../../src/stores/mongo/of-no-type.ts'
import { ofWhichType } from '../../src/stores/mongo/of-which-type.ts'
import { isWhole } from '../../src/stores/mongo/order-indexes.ts'
import { keepTombstone, tombstoneCollection } from '../../src/stores/mongo/tombstone.ts'
import { removeTraces, tracesOf } from '../../src/stores/mongo/traces.ts'
import { uniqueKeys } from '../../src/stores/mongo/unique-keys.ts'
import type { Replica } from '../../src/stores/store.ts'
import { unversioned } from '../../src/stores/version.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'

interface Raw {
  _id: string
  kind?: unknown
  name?: string
  _cf?: object
}

describe.each<[string, (kind: string) => string]>([
  ['a table of each', (kind) => `${kind}s`],
  ['one table', () => 'animals'],
])('With %s,', (_, tableOf) => {
  const type = (name: string, kind: string) =>
    defineEntity(name, {
      mongo: 'things',
      postgres: tableOf(kind),
      id: text(),
      where: { kind },
      fields: { kind: text(), name: text() },
    })
  const [Cat, Dog] = [type('Cat', 'cat'), type('Dog', 'dog')]
  const entities = [Cat, Dog]
  /** What tells it lies deep. */
  const Nested = defineEntity('Nested', {
    mongo: 'things',
    postgres: 'nested',
    id: text(),
    where: { kind: 'cat' },
    fields: { kind: text().at('meta.of.kind'), name: text() },
  })

  let stores: TestStores
  let outside: Collection<Raw>
  beforeAll(async () => {
    stores = await openStores(entities)
    outside = stores.mongo.connection.db.collection('things')
  })
  beforeEach(() => emptyStores(stores))
  afterAll(() => stores?.close())

  /** The same with a name that no two records share. */
  const withUnique = ({ leaves }: Entity): Entity['leaves'] =>
    new Map([...leaves].map(([path, leaf]) => [path, path === 'name' ? { ...leaf, unique: { nulls: 'one' } } : leaf]))

  const stamp = { epoch: 1, owed: true } as const
  const cat = (id: string, name: string): Rec => newRecord(Cat, id, { name })
  const settled = async (): Promise<number[]> =>
    Promise.all(
      entities.map((entity) =>
        sweep(
          { stores, owner: 't', under: anyEpoch, olderThanMs: 0, impatient: true, arrivingMs: 0, log: () => undefined },
          entity,
          'mongo',
        ),
      ),
    )
  /** The names that PostgreSQL has of each type. */
  async function mirrored(): Promise<Record<string, unknown>> {
    const of = async (entity: Entity) => {
      const { images } = await stores.postgres.reader.scan(entity, { after: null, limit: 100 })
      return Object.fromEntries(images.map(({ id, record }) => [id, record?.['name']]))
    }
    return { cats: await of(Cat), dogs: await of(Dog) }
  }

  describe('What other programs do to a collection of several types', () => {
    const running: Capture[] = []
    const logged: string[] = []
    beforeEach(async () => {
      const capture = new Capture({
        stores,
        entities,
        owner: 'one',
        standing: () => ({ authority: 'mongo', isMirrored: true, epoch: 1 }),
        onLost: async (name, why) => void logged.push(`${name}: ${why}`),
        log: (_, message) => void logged.push(message),
      })
      running.push(capture)
      capture.start()
      for (const entity of entities)
        await expect
          .poll(async () => (await captured(stores.mongo.ledger, entity)).place, { timeout: 20_000 })
          .not.toBeNull()
    })
    afterEach(async () => {
      await Promise.all(running.splice(0).map((capture) => capture.stop()))
      expect(logged).toEqual([])
    })

    const caught = async (): Promise<void> => {
      for (const entity of entities) await caughtUp(stores.mongo.ledger, entity, 20_000)
      await expect.poll(settled, { timeout: 20_000 }).toEqual([0, 0])
    }

    test('goes to the table of the type, and to no other', async () => {
      await outside.insertMany([
        { _id: 'a', kind: 'cat', name: 'Tom' },
        { _id: 'b', kind: 'dog', name: 'Rex' },
        { _id: 'c', kind: 'cow', name: 'Bess' },
      ])
      await caught()
      expect(await mirrored()).toEqual({ cats: { a: 'Tom' }, dogs: { b: 'Rex' } })
      await outside.updateMany({}, { $set: { name: 'all' } })
      await caught()
      expect(await mirrored()).toEqual({ cats: { a: 'all' }, dogs: { b: 'all' } })
      await outside.deleteOne({ _id: 'b' })
      await caught()
      expect(await mirrored()).toEqual({ cats: { a: 'all' }, dogs: {} })
    })

    test('what a gateway deletes of one type is nothing that another type owes', async () => {
      await outside.insertMany([
        { _id: 'a', kind: 'cat', name: 'Tom' },
        { _id: 'b', kind: 'dog', name: 'Rex' },
        { _id: 'c', kind: 'dog', name: 'Rover' },
      ])
      await caught()
      await stores.mongo.authority.delete(Cat, 'a', stamp)
      await stores.mongo.authority.delete(Dog, 'b', stamp)
      await outside.deleteOne({ _id: 'c' })
      await caught()
      expect(await mirrored()).toEqual({ cats: {}, dogs: {} })
      const tombstones = await tombstoneCollection(stores.mongo.connection)
        .find({}, { sort: { _id: 1 } })
        .toArray()
      // Of whichever type the last one was, nobody can tell
      expect(tombstones.map(({ _id }) => _id)).toEqual([
        { entity: 'Cat', id: 'a' },
        { entity: 'Cat', id: 'c' },
        { entity: 'Dog', id: 'b' },
        { entity: 'Dog', id: 'c' },
      ])
    })

    test('what a gateway has deleted as one type may be deleted later as another', async () => {
      await outside.insertOne({ _id: 'a', kind: 'cat', name: 'Tom' })
      await caught()
      await stores.mongo.authority.delete(Cat, 'a', stamp)
      await outside.insertOne({ _id: 'a', kind: 'dog', name: 'Rex' })
      await caught()
      expect(await mirrored()).toEqual({ cats: {}, dogs: { a: 'Rex' } })
      await outside.deleteOne({ _id: 'a' })
      await caught()
      expect(await mirrored()).toEqual({ cats: {}, dogs: {} })
    })

    test('a record that becomes one of another type leaves the first one’s table', async () => {
      await outside.insertOne({ _id: 'a', kind: 'cat', name: 'Tom' })
      await caught()
      await outside.updateOne({ _id: 'a' }, { $set: { kind: 'dog' } })
      await caught()
      expect(await mirrored()).toEqual({ cats: {}, dogs: { a: 'Tom' } })
      await outside.updateOne({ _id: 'a' }, { $set: { kind: 'cat' } })
      await caught()
      expect(await mirrored()).toEqual({ cats: { a: 'Tom' }, dogs: {} })
      await outside.updateOne({ _id: 'a' }, { $set: { kind: 'dog' } })
      await caught()
      expect(await mirrored()).toEqual({ cats: {}, dogs: { a: 'Tom' } })
      await outside.replaceOne({ _id: 'a' }, { kind: 'cat', name: 'Tim' })
      await caught()
      expect(await mirrored()).toEqual({ cats: { a: 'Tim' }, dogs: {} })
    })
  })

  describe('A record whose id a document of another type has', () => {
    const taken = 'a document of another type in its collection has its id'
    beforeEach(async () => {
      await outside.insertOne({ _id: 'a', kind: 'dog', name: 'Rex' })
    })
    const stands = async (): Promise<void> => {
      expect(await outside.find({}).toArray()).toEqual([{ _id: 'a', kind: 'dog', name: 'Rex' }])
    }

    test('is not created', async () => {
      await expect(stores.mongo.authority.create(Cat, cat('a', 'Tom'), stamp)).rejects.toMatchObject({
        code: 'CONFLICT',
      })
      await stands()
    })

    test('is known to be taken, whether it has a type or none', async () => {
      await outside.insertMany([
        { _id: 'b', name: 'Nobody' },
        { _id: 'c', kind: 'cat', name: 'Tom' },
      ])
      const isTaken = (id: string, type: Entity = Cat) => stores.mongo.replica.isTaken(type, id)
      expect(await Promise.all(['a', 'b', 'c', 'd'].map((id) => isTaken(id)))).toEqual([true, true, false, false])
      const mirror = (replica: Partial<Replica>, budgetMs = 60_000): Mirror => {
        const mongo = { ...stores.mongo, replica: { ...stores.mongo.replica, ...replica } }
        return new Mirror({ stores: { ...stores, mongo }, budgetMs, log: () => undefined })
      }
      const asked = (by: Mirror): Promise<boolean> => by.isTaken(Cat, 'a', 'mongo')
      expect(await asked(mirror({}))).toBe(true)
      expect(await asked(mirror({ isTaken: () => Promise.reject(new Error('in trouble')) }))).toBe(false)
      expect(await asked(mirror({ isTaken: () => new Promise(() => undefined) }, 10))).toBe(false)
    })

    test('is refused by the mirror', async () => {
      const image = { id: 'a', version: { epoch: 1, counter: 9 }, pending: true, rest: null, issues: [] }
      const put = await stores.mongo.replica.bulkPut(Cat, [{ ...image, record: cat('a', 'Tom') }], anyEpoch)
      expect(put).toEqual([{ put: 'refused', reason: taken }])
      await stores.mongo.replica.bulkPut(Cat, [{ ...image, record: null }], anyEpoch)
      await stands()
    })
  })

  describe('Whatever is asked of a type’s documents', () => {
    const own = () => stores.mongo.connection.collection(Cat)
    const [dog, name] = [{ _id: 'b' }, { $set: { name: 'x' } }]
    beforeEach(async () => {
      await outside.insertMany([
        { _id: 'a', kind: 'cat', name: 'Tom' },
        { _id: 'b', kind: 'dog', name: 'Rex' },
      ])
    })
    const written = async (): Promise<unknown[]> => outside.find({}, { sort: { _id: 1 } }).toArray()
    const rex = { _id: 'b', kind: 'dog', name: 'Rex' }

    test('finds no others', async () => {
      expect(await own().findOne(dog)).toBeNull()
      expect(await own().find(dog).toArray()).toEqual([])
      expect(await own().find({}).toArray()).toMatchObject([{ _id: 'a' }])
      expect(await own().aggregate([]).toArray()).toMatchObject([{ _id: 'a' }])
      expect(await own().countDocuments({})).toBe(1)
      // A condition on the same field is one more, and takes the place of nothing
      expect(await own().find({ kind: 'dog' }).toArray()).toEqual([])
      expect(
        await own()
          .find({ kind: { $in: ['cat', 'dog'] } })
          .toArray(),
      ).toMatchObject([{ _id: 'a' }])
    })

    test('changes no others', async () => {
      await own().updateOne(dog, name)
      await own().findOneAndUpdate(dog, name)
      await own().bulkWrite([
        { updateOne: { filter: dog, update: name } },
        { updateMany: { filter: {}, update: name } },
      ])
      await own().updateMany({}, name)
      await own().replaceOne(dog, { _id: 'b', name: 'x' } as never)
      expect(await written()).toEqual([{ _id: 'a', kind: 'cat', name: 'x' }, rex])
    })

    test.each<[string, () => Promise<unknown>]>([
      ['deleteOne', () => own().deleteOne(dog)],
      ['findOneAndDelete', () => own().findOneAndDelete(dog)],
      ['bulkWrite', () => own().bulkWrite([{ deleteOne: { filter: dog } }])],
      ['deleteMany', () => own().deleteMany({})],
    ])('is deleted without others: %s', async (_, remove) => {
      await remove()
      expect(await written()).toContainEqual(rex)
    })

    test('is refused where it is not limited', () => {
      expect(() => own().distinct('name')).toThrow('distinct is not limited to documents of Cat')
      expect(() => own().drop()).toThrow('drop is not limited to documents of Cat')
    })
  })

  test('what was deleted is made again in a transaction, and the other type’s is not', async () => {
    const _cf = { epoch: Long.fromNumber(1), at: Long.fromNumber(5), deleted: true }
    await outside.insertMany([
      { _id: 'a', kind: 'cat', name: 'Gone', _cf },
      { _id: 'b', kind: 'dog', name: 'Rex' },
    ])
    const again = (id: string) =>
      stores.mongo.authority.together(
        (steps) => steps.create(Cat, cat(id, 'Tom'), stamp),
        () => undefined,
      )
    expect((await again('a')).version).toEqual({ epoch: 1, counter: expect.any(Number) })
    expect(await outside.findOne({ _id: 'a' })).toMatchObject({
      kind: 'cat',
      name: 'Tom',
      _cf: { pending: expect.any(Date) },
    })
    await expect(again('b')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await outside.findOne({ _id: 'b' })).toEqual({ _id: 'b', kind: 'dog', name: 'Rex' })
  })

  test('what is owed is counted apart', async () => {
    await stores.mongo.authority.create(Cat, cat('a', 'Tom'), stamp)
    const backlogs = await stores.mongo.outbox.backlogs(entities)
    expect([backlogs.get('Cat')?.count, backlogs.get('Dog')?.count]).toEqual([1, undefined])
  })

  test('traces of one type are taken away without those of the other', async () => {
    const _cf = { epoch: 1, at: Long.fromNumber(1), n: Long.ZERO }
    await outside.insertMany([
      { _id: 'a', kind: 'cat', _cf },
      { _id: 'b', kind: 'dog', _cf },
    ])
    await removeTraces(stores.mongo.connection, Cat)
    expect((await tracesOf(stores.mongo.connection, Cat)).documents).toBe(0)
    expect((await tracesOf(stores.mongo.connection, Dog)).documents).toBe(1)
  })

  test('indexes are those that hold the type’s documents', async () => {
    const { connection } = stores.mongo
    const partialFilterExpression = { kind: 'cat' }
    await outside.createIndex({ name: 1 }, { unique: true, partialFilterExpression, name: 'cats' })
    await outside.createIndex({ kind: 1, name: 1 }, { name: 'kinds' })
    try {
      const of = async (entity: Entity) => {
        const indexes = await mongoIndexes(connection, entity)
        const unique = uniqueKeys(entity, indexes).keys.map(({ leaves, among }) => [
          leaves.map(({ path }) => path),
          among,
        ])
        return { whole: indexes.filter(isWhole).map(({ name }) => name), unique }
      }
      expect(await of(Cat)).toEqual({ whole: ['cats', 'kinds'], unique: [[['name'], []]] })
      expect(await of(Dog)).toEqual({ whole: ['kinds'], unique: [] })
      const missing = await missingIndexes(stores, Dog, [])
      const table = tableOf('dog')
      const made = `create index concurrently "${table}_name_id_idx" on "${table}" ("name" nulls first, "id");`
      expect(missing.map(({ statement }) => statement)).toEqual([made])
      const promised = (entity: Entity) => ({ ...entity, leaves: withUnique(entity) })
      expect(await unkeptPromises(stores.mongo, promised(Cat))).toEqual([])
      expect(await unkeptPromises(stores.mongo, promised(Dog))).toEqual([
        `Dog.name is unique in the mapping, but MongoDB has no such index and takes duplicates. Run db.things.createIndex({ name: 1 }, { unique: true, partialFilterExpression: {"kind":"dog"} }) in mongosh (where several lack a value, say unique({ nulls: 'many' }) first), or drop unique() from the mapping.`,
      ])
      await outside.createIndex({ name: 1 }, { unique: true, name: 'all' })
      await outside.createIndex({ kind: 1, name: 1 }, { unique: true, name: 'by kind' })
      expect(await unkeptPromises(stores.mongo, promised(Cat))).toEqual([])
      await outside.dropIndex('by kind')
      expect(await unkeptPromises(stores.mongo, promised(Dog))).toEqual([
        'Dog.name: MongoDB\'s index all is over all types of things: a value of one is refused to the others there, and not by PostgreSQL, whose record could not be mirrored. Run db.things.createIndex({ name: 1 }, { unique: true, partialFilterExpression: {"kind":"dog"} }) for each of them in its place.',
      ])
      await outside.insertOne({ _id: 'b', kind: 'dog', name: 'Rex' })
      const image = { id: 'a', version: { epoch: 1, counter: 9 }, pending: true, rest: null, issues: [] }
      const [outcome] = await stores.mongo.replica.bulkPut(Cat, [{ ...image, record: cat('a', 'Rex') }], anyEpoch)
      expect(outcome).toEqual({ put: 'blocked', constraint: 'name', by: [] })
      expect(heldText(outcome as never)).toBe('name is held by another document')
    } finally {
      for (const name of ['cats', 'kinds', 'all']) await outside.dropIndex(name)
    }
  })

  test('a key may have a name that every object has', async () => {
    const own = defineEntity('Own', {
      mongo: 'owns',
      postgres: 'owns',
      id: text(),
      fields: { maker: text().at('constructor') },
    })
    const { connection } = stores.mongo
    const partialFilterExpression = { constructor: 'x' }
    await connection.db.collection('owns').createIndex({ constructor: 1 }, { name: 'made', partialFilterExpression })
    const [index] = await mongoIndexes(connection, own)
    expect(index).toMatchObject({ name: 'made', filter: { constructor: 'x' } })
    expect(tellingKeys(own, index!)).toEqual([['constructor', 1]])
  })

  describe.each<[string, Entity, Document]>([
    ['the value is a list', Cat, { kind: ['dog', 'cat'] }],
    ['a list of objects holds it', Nested, { meta: [{ of: { kind: 'cat' } }] }],
    ['a list of objects holds its parent', Nested, { meta: { of: [{ kind: 'cat' }] } }],
  ])('A document is of no type where %s', (_, entity, document) => {
    test('and is not read, changed or deleted', async () => {
      const own = stores.mongo.connection.collection(entity)
      const raw = { _id: 'a', ...document, name: 'x' } as Raw
      await outside.insertOne(raw)
      expect(await own.find({}).toArray()).toEqual([])
      await own.updateMany({}, { $set: { name: 'y' } })
      await own.deleteMany({})
      expect(await outside.find({}).toArray()).toEqual([raw])
      expect(await documentsOfNoType(stores.mongo.connection, [entity])).toEqual([
        expect.stringContaining('holds 1 documents that are of none of its types'),
      ])
    })
  })

  test('a key of an object that looks like an index of a list is one of an object', async () => {
    await outside.insertOne({ _id: 'a', meta: { 0: 1, of: { kind: 'cat', 0: 2 } } } as never)
    expect(await stores.mongo.connection.collection(Nested).countDocuments({})).toBe(1)
  })

  test('documents of no type are told', async () => {
    const told = () => documentsOfNoType(stores.mongo.connection, entities)
    await outside.insertOne({ _id: 'a', kind: 'cat' })
    expect(await told()).toEqual([])
    await outside.insertMany([{ _id: 'b', kind: 'cow' }, { _id: 'c', kind: 'cow' }, { _id: 'd' }])
    expect(await told()).toEqual([
      'things holds 3 documents that are of none of its types (2 with kind "cow", 1 without kind): they stay in MongoDB alone. Map their type, or see that nobody needs them.',
    ])
  })

  test('a delete is another type’s where a gateway has made its tombstone then, and nobody else', async () => {
    const { connection } = stores.mongo
    const now = await storeNow(connection)
    const bury = (id: string, counter: number, foreign: boolean) =>
      keepTombstone(connection, Cat, id, { epoch: 1, counter }, true, foreign)
    await bury('by us', now, false)
    await bury('by another program', now, true)
    await bury('by us long ago', now - 60_000, false)
    await bury('by us below what was there', now, false)
    const gone = (id: string, before = unversioned) => ({ id, isGone: true, isOfAnother: false, before, at: now })
    const told = await ofWhichType(
      connection,
      [Dog, Cat],
      [
        gone('by us'),
        gone('by another program'),
        gone('by us long ago'),
        gone('by us below what was there', { epoch: 1, counter: now + 1 }),
        gone('by nobody'),
      ],
    )
    expect(told.filter(({ isOfAnother }) => isOfAnother).map(({ id }) => id)).toEqual(['by us'])
  })

  test('what is deleted of one type does not stand against the leave of another', async () => {
    const key = flagKeyOf(Cat)
    await prepareFlags(ledgersOf(stores), [key], new Map([[key, ['Cat']]]))
    await outside.insertMany([
      { _id: 'a', kind: 'dog', name: 'Rex' },
      { _id: 'b', kind: 'dog', name: 'Rover' },
    ])
    const look = async (during: () => Promise<unknown>) => {
      const looked = retirement({ stores, entity: Cat, entities, watchMs: 3_000 })
      await sleep(1_000)
      await during()
      return (await looked).unmet
    }
    const stage = 'Cat is off: MongoDB is still written, or will be'
    expect(await look(() => stores.mongo.authority.delete(Dog, 'a', stamp))).toEqual([stage])
    const others = 'others have made 1 changes in things within 3 s'
    expect(await look(() => outside.deleteOne({ _id: 'b' }))).toEqual([stage, others])
  })
})
