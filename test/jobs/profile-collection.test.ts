import { defineEntity, int, text, timestamp } from 'crossfade'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answersOtherwise, type Profile, profile } from '../../src/jobs/profile.ts'
import { ownAnswer } from '../../src/resolve/own-answer.ts'
import { heardCommands } from '../support/heard-commands.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const of = (name: string, mongo: string) =>
  defineEntity(name, {
    mongo,
    postgres: mongo,
    id: int(),
    fields: { name: text(), at: timestamp(), n: int() },
  })
const [Event, Log, Shown, Nowhere] = [
  of('Event', 'events'),
  of('Log', 'logs'),
  of('Shown', 'shown_events'),
  of('Nowhere', 'nowhere'),
]

let stores: TestStores
const look = (entity: ReturnType<typeof of>, more: Partial<Parameters<typeof profile>[0]> = {}): Promise<Profile> =>
  profile({ mongo: stores.mongo, entity, entities: [], answer: ownAnswer, sample: null, ...more })

/** A TTL index takes away what is in the past, in a slow run before it is looked at. */
const farAhead = Date.UTC(2200, 0)

const many = Array.from(
  { length: 300 },
  (_, n): Document => ({ _id: n, name: `n ${n}`, at: new Date(farAhead + n), n }),
)

beforeAll(async () => {
  stores = await openStores([Event])
  const { db } = stores.mongo.connection
  await db.collection('events').insertMany(many as never[])
  await db.collection('events').createIndex({ at: 1 }, { expireAfterSeconds: 3600 })
  await db.collection('events').createIndex({ name: 1 }, { unique: true })
  await db.collection('events').createIndex({ n: 1, name: 1 }, { collation: { locale: 'en', strength: 2 } })
  await db.createCollection('logs', { capped: true, size: 100_000 })
  await db.collection('logs').insertOne({ _id: 1, name: 'a' } as never)
  await db.createCollection('shown_events', { viewOn: 'events', pipeline: [{ $match: { n: { $lt: 10 } } }] })
})
afterAll(() => stores.close())

/** The commands that a run sends about a collection. */
async function commands(collection: string, work: () => Promise<unknown>): Promise<Document[]> {
  const heard = await heardCommands(stores, work)
  return heard.flatMap(({ command, commandName }) =>
    command[commandName] === collection || command['collection'] === collection ? [command] : [],
  )
}

describe('a profile tells of the collection', () => {
  test('what it holds that is of none of its types', async () => {
    const shared = { mongo: 'posts', id: int() } as const
    const [Advert, Notice] = ['advert', 'notice'].map((kind) =>
      defineEntity(kind === 'advert' ? 'Advert' : 'Notice', {
        ...shared,
        postgres: `${kind}s`,
        where: { kind },
        fields: { kind: text() },
      }),
    )
    const documents = [{ kind: 'advert' }, { kind: 'notice' }, {}, { kind: 'lost' }, {}]
    await stores.mongo.connection.db
      .collection<{ _id: number }>('posts')
      .insertMany(documents.map((document, _id) => ({ _id, ...document })))
    const entities = [Advert!, Notice!, Event]
    const { notes } = await profile({ mongo: stores.mongo, entity: Advert!, entities, answer: ownAnswer, sample: null })
    expect(notes).toContainEqual(
      expect.stringContaining(
        'posts holds 3 documents that are of none of its types (2 without kind, 1 with kind "lost")',
      ),
    )
  })

  test('what its indexes do by themselves, and what they promise', async () => {
    const { notes, unique } = await look(Event)
    expect(notes).toEqual([
      "Event.name is unique by MongoDB's index name_1: say unique() in the mapping, so that null is unset and records can exchange their values.",
      'Event: the index at_1 of events deletes documents 3600 s after their at: PostgreSQL does not, so that a job of yours must do it once it has authority.',
      'Event: the index n_1_name_1 of events has the collation en, strength 2: queries that name it find and order texts otherwise than PostgreSQL does.',
    ])
    expect(unique).toEqual([
      {
        because: "MongoDB's index name_1",
        paths: ['name'],
        nulls: 'one',
        found: { values: 0, documents: 0, example: [] },
      },
    ])
  })

  test('that it is capped, a view, or not there', async () => {
    expect((await look(Log)).notes).toContainEqual(expect.stringContaining('the collection logs is capped'))
    const view = await look(Shown)
    expect(view.notes).toContainEqual(expect.stringContaining('the collection shown_events is a view'))
    expect(view.documents).toBe(10)
    const none = await look(Nowhere)
    expect(none.notes).toEqual(['Nowhere: there is no collection nowhere.'])
    expect([none.documents, none.bytes, answersOtherwise(none)]).toEqual([0, null, false])
  })
})

describe('a profile reads', () => {
  test('each document once, in batches, without a count that must end first', async () => {
    const seen = await commands('events', () => look(Event))
    expect(seen.filter((each) => each['count'] === 'events')).toHaveLength(1)
    expect(seen.filter((each) => each['find'] === 'events')).toHaveLength(1)
    // What a unique index keeps, and every value is of its kind, is not grouped again
    expect(seen.filter((each) => each['aggregate'] === 'events')).toEqual([])
  })

  test('of a sample as many documents as it is told, by chance, and says so', async () => {
    let found: Profile | undefined
    const seen = await commands('events', async () => {
      found = await look(Event, { sample: 20 })
    })
    expect(seen.find((each) => each['aggregate'])?.['pipeline']).toEqual([{ $sample: { size: 20 } }])
    expect(found!.documents).toBe(20)
    expect(found!.seen).toMatchObject({ how: 'sample', estimated: 300 })
    expect(found!.unique.map((each) => each.found)).toEqual([null])
    expect(found!.fields.find(({ path }) => path === 'n')).toMatchObject({ own: 20 })
  })

  test('where it is told, and asks for as much at a time as a second may bring', async () => {
    const more = { readPreference: 'secondaryPreferred', rate: 150 } as const
    const seen = await commands('events', () => look(Event, more))
    const [find] = seen.filter((each) => each['find'])
    expect(find).toMatchObject({ $readPreference: { mode: 'secondaryPreferred' }, batchSize: 150 })
  })

  test('tells how far it is', async () => {
    const told: unknown[] = []
    await look(Event, { rate: 200, onProgress: (progress) => told.push(progress) })
    expect(told).toEqual([
      { read: 200, total: 300 },
      { read: 300, total: 300 },
    ])
  })

  test('nothing more once it is stopped', async () => {
    const stop = new AbortController()
    const stopped = look(Event, { rate: 100, signal: stop.signal, onProgress: () => stop.abort() })
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
  })
})
