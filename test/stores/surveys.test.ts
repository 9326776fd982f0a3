import { ObjectId } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { defineEntity } from '../../src/entity/define-entity.ts'
import type { Entity, Leaf } from '../../src/entity/entity.ts'
import {
  boolean,
  decimal,
  embed,
  enumeration,
  float,
  int,
  list,
  long,
  objectId,
  text,
  timestamp,
  uuid,
} from '../../src/entity/field.ts'
import { fieldSet } from '../../src/entity/field-set.ts'
import { leafAt } from '../../src/entity/leaf-at.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { profile } from '../../src/jobs/profile.ts'
import { coercedAt, dirtyAt, isClean, isPlain, looksSettled, startLooks } from '../../src/stores/mongo/clean-paths.ts'
import { decodeLeaf } from '../../src/stores/mongo/codec/decode.ts'
import type { MongoConnection } from '../../src/stores/mongo/connection.ts'
import { beginSurvey, keepSurvey } from '../../src/stores/mongo/looks.ts'
import { mongoReader } from '../../src/stores/mongo/reader.ts'
import { observe, oddity } from '../../src/stores/mongo/survey.ts'
import { heardCommands } from '../support/heard-commands.ts'
import { storedValues } from '../support/stored-values.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const fields = {
  name: text(),
  length: int(),
  weight: float(),
  home: embed({ port: text() }),
  flags: list(text()),
  trips: list(embed({ days: int() })),
} as const
const boat = (changed: Partial<Pick<typeof fields, 'name'>> = {}) =>
  defineEntity('Boat', { mongo: 'boats', postgres: 'boats', id: objectId(), fields: { ...fields, ...changed } })
const Boat = boat()

const id = (n: number): ObjectId => new ObjectId(n.toString(16).padStart(24, '0'))
const clean = [1, 2, 3, 4].map((n) => ({
  _id: id(n),
  name: `boat ${n}`,
  length: n,
  weight: n + 0.5,
  home: { port: 'Kiel' },
  flags: ['x'],
  trips: [{ days: n }],
}))

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Boat])
})
afterAll(() => stores.close())
beforeEach(async () => {
  const { db } = stores.mongo.connection
  for (const name of ['boats', '_crossfade_ledger', '_crossfade_claims']) await db.collection(name).deleteMany({})
  await stores.postgres.ledger.remove('backfill', 'Boat')
  await boats().insertMany(structuredCloneOf(clean))
})
const structuredCloneOf = (documents: readonly object[]) => documents.map((each) => ({ ...each })) as never[]
const boats = () => stores.mongo.connection.collection(Boat)

/** As another gateway begins: it knows nothing by itself. */
const gateway = (): MongoConnection => ({ ...stores.mongo.connection })
const orders = (...paths: string[]) =>
  new Map([[Boat as Entity, paths.map((path) => ({ path, direction: 'asc' as const }))]])

/** The commands that read the collection while the work runs, but for those that ask for its indexes. */
async function asked(work: () => Promise<void>): Promise<string[]> {
  const heard = await heardCommands(stores, work)
  return heard.flatMap(({ commandName, command }) => {
    const { find, aggregate } = command['explain'] ?? command
    return find === 'boats' || aggregate === 'boats' ? [`${commandName} ${JSON.stringify(command)}`] : []
  })
}

async function begin(by: MongoConnection, ...paths: string[]): Promise<void> {
  startLooks(by, orders(...paths), () => undefined)
  await looksSettled(by)
}

const known = (by: MongoConnection, path: string): readonly [clean: boolean, plain: boolean] => {
  const leaf = leafAt(Boat, path)
  return [isClean(by, Boat, leaf), isPlain(by, Boat, leaf)]
}

async function firstNames(by: MongoConnection): Promise<string[]> {
  const order = [
    { path: 'name', direction: 'asc' },
    { path: 'id', direction: 'asc' },
  ] as const
  const page = { where: { op: 'and', of: [] }, order, limit: 2, fields: fieldSet(Boat, ['name']) } as const
  return (await mongoReader(by).query(Boat, page)).map(({ record }) => String(record['name']))
}

/** Looks ask for types, or how an index is read. */
const looks = (commands: readonly string[]): string[] =>
  commands.filter((each) => each.includes('$type') || each.startsWith('explain'))

describe('behind a backfill', () => {
  afterEach(async () => {
    if (await boats().indexExists('name_1')) await boats().dropIndex('name_1')
  })

  test('a gateway makes no look of its own, and asks by what is stored at once', async () => {
    await boats().createIndex({ name: 1 }) // whose ends would be looked at
    await backfill({ stores, entity: Boat, batch: 2 })
    const another = gateway()
    const commands = await asked(async () => {
      await begin(another, 'name', 'length', 'weight')
      for (let page = 0; page < 5; page++) expect(await firstNames(another)).toEqual(['boat 1', 'boat 2'])
    })
    expect(looks(commands)).toEqual([])
    expect(commands).toHaveLength(10) // a page by an index without the id is two
    expect(['name', 'length', 'weight'].map((path) => known(another, path)[0])).toEqual([true, true, true])
  })

  test('a gateway without one looks for itself', async () => {
    const another = gateway()
    const commands = await asked(() => begin(another, 'name'))
    expect(looks(commands)).not.toEqual([]) // one, and those of the gateways before, which look again every so often
    expect(known(another, 'name')[0]).toBe(true)
  })

  test('it is known of each path by itself whether its values are of its kind, inside of objects and lists, too', async () => {
    await boats().insertMany([
      { _id: id(5), name: 7, length: 2.5, home: [{ port: 'Ulm' }], flags: ['x', 8], trips: [{ days: '9' }] },
    ] as never[])
    await backfill({ stores, entity: Boat, batch: 2 })
    const found = new Map<string, unknown>(
      (await stores.mongo.ledger.list('look')).map(({ key, value }) => [key, (value as { free: boolean }).free]),
    )
    expect(Object.fromEntries(found)).toEqual({
      'clean/Boat/name': false,
      'plain/Boat/name': false,
      'clean/Boat/length': false,
      'plain/Boat/length': true, // 2.5 means nothing
      'clean/Boat/weight': true,
      'plain/Boat/weight': true,
      'clean/Boat/home.port': false, // behind an array
      'plain/Boat/home.port': true,
      'plain/Boat/flags': false,
      'plain/Boat/trips.days': false,
    })
  })

  test('a value of another kind that another program writes later is found by the ends of an index', async () => {
    await boats().createIndex({ name: 1 })
    await backfill({ stores, entity: Boat })
    const another = gateway()
    await begin(another, 'name')
    expect(known(another, 'name')[0]).toBe(true)
    await boats().insertOne({ _id: id(9), name: 7 } as never)
    await expect.poll(() => known(another, 'name')[0], { timeout: 20_000 }).toBe(false)
  }, 30_000)

  test('and one that the ends of an index do not tell, by a look at the whole collection', async () => {
    await backfill({ stores, entity: Boat })
    // As if the copy had been made long ago
    const entry = (await stores.mongo.ledger.get('look', 'clean/Boat/length'))!
    const value = { ...(entry.value as object), at: Date.now() - 3_600_000 }
    await stores.mongo.ledger.compareAndSet('look', entry.key, entry.revision, value)
    await boats().insertOne({ _id: id(9), length: 2.5 } as never)
    const another = gateway()
    const commands = await asked(() => begin(another, 'length'))
    expect(looks(commands)).toHaveLength(1)
    expect(known(another, 'length')[0]).toBe(false)
  })
})

describe('behind a profile', () => {
  const run = (more: Partial<Parameters<typeof profile>[0]> = {}) =>
    profile({ mongo: stores.mongo, entity: Boat, entities: [], answer: () => undefined, sample: null, ...more })

  test('of all documents a gateway makes no look of its own either, and finds what comes in later', async () => {
    await boats().insertOne({ _id: id(5), length: 2.5, home: [{ port: 'Ulm' }] } as never)
    expect((await run()).learned).toBe(true)
    const another = gateway()
    const commands = await asked(() => begin(another, 'name', 'length', 'weight', 'home.port'))
    expect(commands).toEqual([])
    const paths = ['name', 'length', 'weight', 'home.port']
    expect(paths.map((path) => known(another, path)[0])).toEqual([true, false, true, false])
    await boats().insertOne({ _id: id(9), name: 7 } as never)
    // What a profile has told grows old by as much as the reading took, fifty times
    await expect.poll(() => known(another, 'name')[0], { timeout: 60_000 }).toBe(false)
  }, 70_000)

  test.each([
    ['a sample', { sample: 100 }],
    ['a secondary, which may lack what was written', { readPreference: 'secondaryPreferred' }],
  ] as const)('of %s nobody knows of all documents', async (_title, more) => {
    expect((await run(more)).learned).toBe(false)
    const written = await stores.mongo.ledger.list('look')
    expect(written.filter(({ value }) => 'since' in (value as object))).toEqual([]) // as jobs alone write it
  })
})

describe('what is written down', () => {
  test('is of the whole collection, also where the copy was stopped and went on', async () => {
    await boats().updateOne({ _id: id(1) } as never, { $set: { name: 7 } } as never)
    const stop = new AbortController()
    const onProgress = (): void => stop.abort()
    await expect(backfill({ stores, entity: Boat, batch: 2, signal: stop.signal, onProgress })).rejects.toThrow()
    await expect.poll(async () => (await stores.postgres.ledger.get('backfill', 'Boat')) !== null).toBe(true)
    expect(await stores.mongo.ledger.get('look', 'clean/Boat/name')).toBeNull()
    await backfill({ stores, entity: Boat, batch: 2 })
    expect((await stores.mongo.ledger.get('look', 'clean/Boat/name'))!.value).toMatchObject({ free: false })
    expect((await stores.mongo.ledger.get('look', 'clean/Boat/weight'))!.value).toMatchObject({ free: true })
  })

  test('is nothing where the mapping was another when the copy began', async () => {
    const begun = await stores.mongo.survey(Boat, null, { isFirst: true, isLast: false, odd: [] })
    await stores.mongo.survey(boat({ name: text().strict() as never }), begun, { isFirst: false, isLast: true })
    expect(await stores.mongo.ledger.list('look')).toEqual([])
  })

  test('nor where the collection was dropped and made anew meanwhile', async () => {
    const begun = await stores.mongo.survey(Boat, null, { isFirst: true, isLast: false, odd: [] })
    await boats().drop()
    await boats().insertMany(structuredCloneOf(clean))
    await stores.mongo.survey(Boat, begun, { isFirst: false, isLast: true })
    expect(await stores.mongo.ledger.list('look')).toEqual([])
  })

  test('nor where nobody knows what the first batches held', async () => {
    expect(await stores.mongo.survey(Boat, null, { isFirst: false, isLast: true, odd: [] })).toBeNull()
    expect(await stores.mongo.ledger.list('look')).toEqual([])
  })

  test('tells of documents that are about to go, which stand in the indexes still', async () => {
    await boats().insertOne({ _id: id(9), name: 7, _cf: { deleted: true } } as never)
    await backfill({ stores, entity: Boat })
    expect((await stores.mongo.ledger.get('look', 'clean/Boat/name'))!.value).toMatchObject({ free: false })
  })

  test('leaves what a gateway has found behind the reading', async () => {
    const survey = await beginSurvey(stores.mongo.connection, Boat)
    await boats().insertOne({ _id: id(9), name: 7 } as never)
    await begin(gateway(), 'name')
    expect(await keepSurvey(stores.mongo.connection, Boat, survey)).toBe(true)
    expect((await stores.mongo.ledger.get('look', 'clean/Boat/name'))!.value).toMatchObject({ free: false })
    expect((await stores.mongo.ledger.get('look', 'clean/Boat/length'))!.value).toMatchObject({ free: true })
  })

  test('and takes the place of what was found before', async () => {
    await boats().insertOne({ _id: id(9), name: 7 } as never)
    await begin(gateway(), 'name')
    await boats().deleteOne({ _id: id(9) } as never)
    await new Promise((done) => setTimeout(done, 5)) // the clocks of both are this host's
    await backfill({ stores, entity: Boat })
    expect((await stores.mongo.ledger.get('look', 'clean/Boat/name'))!.value).toMatchObject({ free: true })
  })
})

describe('what a reading sees as odd is what a look finds', () => {
  const Grid = defineEntity('Grid', {
    mongo: 'grid',
    postgres: 'grid',
    id: int(),
    fields: {
      text: text(),
      strict: text().strict(),
      int: int(),
      float: float({ nullIf: [''] }),
      boolean: boolean(),
      objectId: objectId(),
      enumeration: enumeration(['open', '12', 'true']),
      timestamp: timestamp(),
      long: long(),
      decimal: decimal(),
      uuid: uuid(),
      inner: embed({ text: text() }),
    },
  })
  let documents: Record<string, unknown>[]

  beforeAll(async () => {
    const collection = stores.mongo.connection.collection(Grid)
    const names = Object.keys(Grid.fields).filter((name) => name !== 'inner')
    const placed = storedValues.flatMap((value) => [
      { ...Object.fromEntries(names.map((name) => [name, value])), inner: { text: value } },
      { ...Object.fromEntries(names.map((name) => [name, [value]])), inner: [{ text: value }] },
    ])
    await collection.insertMany(placed.map((each, n) => ({ _id: n, ...each })) as never[])
    documents = (await collection.find({}).toArray()) as Record<string, unknown>[]
  })

  const matched = async (filter: object): Promise<Set<unknown>> => {
    const found = stores.mongo.connection.collection(Grid).find(filter as never, { projection: { _id: 1 } })
    return new Set((await found.toArray()).map(({ _id }) => _id as unknown))
  }
  const oddBy = (leaf: Leaf, sort: 'clean' | 'plain'): Set<unknown> =>
    new Set(
      documents.flatMap((document) => {
        const odd = new Set<string>()
        observe(Grid, document, odd)
        return odd.has(oddity(sort, leaf.mongo)) ? [document['_id']] : []
      }),
    )

  test.each([...Grid.leaves.values()])('$path', async (leaf) => {
    const dirty = await matched(dirtyAt(leaf, leaf.mongo))
    const seen = oddBy(leaf, 'clean')
    expect([...dirty].filter((each) => !seen.has(each))).toEqual([])
    // The driver makes the long 2^53 a number, which could have been a double that is not exact
    const besides = documents.filter(({ _id }) => seen.has(_id) && !dirty.has(_id)).map((each) => each[leaf.mongo])
    expect(besides).toEqual(leaf.path === 'decimal' ? [2 ** 53] : [])
    const filter = coercedAt(leaf, leaf.mongo)
    const coerced = filter ? await matched(filter) : new Set()
    const odd = oddBy(leaf, 'plain')
    expect([...odd].filter((each) => !coerced.has(each))).toEqual([]) // none that a look would not find
    // A filter of types is wider: of what it finds, what means something is odd
    const meaning = documents.flatMap((document) => {
      const raw = leaf.mongo
        .split('.')
        .reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], document)
      const isOwn = !coerced.has(document['_id'])
      return !isOwn && decodeLeaf({ ...leaf, required: false }, raw, null) !== null ? [document['_id']] : []
    })
    expect(meaning.filter((each) => !odd.has(each))).toEqual([])
  })
})
