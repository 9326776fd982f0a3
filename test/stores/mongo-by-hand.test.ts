import { defineEntity, objectId, text } from 'crossfade'
import {
  type ClientSession,
  type CommandStartedEvent,
  type Document,
  MongoErrorLabel,
  MongoNetworkError,
} from 'mongodb'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { newRecord } from '../../src/entity/new-record.ts'
import { planPatch } from '../../src/query/patch.ts'
import { mongoAuthority } from '../../src/stores/mongo/authority.ts'
import type { MongoConnection } from '../../src/stores/mongo/connection.ts'
import type { HandCollection } from '../../src/stores/mongo/hand.ts'
import type { Authority, DoneByHand, Image, Stamp } from '../../src/stores/store.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { Account, account, newId } from '../support/account.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const shared = { mongo: 'contents', id: text() } as const
const Article = defineEntity('Article', {
  ...shared,
  postgres: 'articles',
  where: { kind: 'article' },
  fields: { kind: text(), title: text() },
})
const Advert = defineEntity('Advert', {
  ...shared,
  postgres: 'adverts',
  where: { kind: 'advert' },
  fields: { kind: text(), title: text() },
})

const Memo = defineEntity('Memo', {
  mongo: 'memos',
  postgres: 'memos',
  id: objectId(),
  fields: { title: text(), answers: objectId() },
})

let stores: TestStores
let connection: MongoConnection
beforeAll(async () => {
  stores = await openStores([Account, Article, Advert, Memo])
  ;({ connection } = stores.mongo)
})
afterAll(() => stores?.close())

const owed: Stamp = { epoch: 1, owed: true }
type Entity = typeof Account | typeof Article
type Work<T> = (collection: HandCollection, id: string) => Promise<T>

/** The side of this store alone. */
const side = <T>(work: (collection: HandCollection) => Promise<T>) => ({
  mongo: ({ collection }: { collection: HandCollection }) => work(collection),
  postgres: () => Promise.reject(new Error('not asked')),
})

const run = <T>(
  work: (collection: HandCollection) => Promise<T>,
  stamp = owed,
  entity: Entity = Account,
  authority: Authority = stores.mongo.authority,
): Promise<DoneByHand<T>> => {
  return authority.together(
    (steps) => steps.byHand(entity, side(work), stamp),
    () => stamp.check?.(),
  )
}
const raw = () => connection.db.collection<{ _id: string } & Document>('accounts')
const imageOf = async (id: string, entity: Entity = Account): Promise<Image | undefined> =>
  (await stores.mongo.outbox.images(entity, [id]))[0]

/** An account far ahead of the clock, as one that was changed very often. */
async function opened(visits = 1): Promise<string> {
  const id = newId()
  await stores.mongo.authority.create(Account, account(id, { visits }), { epoch: 1, owed: false })
  await raw().updateOne({ _id: id }, { $set: { '_cf.at': 3_000_000_000_000 } })
  return id
}
const counter = 3_000_000_000_001

const changes: readonly (readonly [string, Work<unknown>, object])[] = [
  ['updateOne', (of, id) => of.updateOne({ _id: id }, { $inc: { visits: 2 } }), { visits: 3 }],
  ['updateOne by stages', (of, id) => of.updateOne({ _id: id }, [{ $set: { visits: 4 } }]), { visits: 4 }],
  ['updateMany', (of, id) => of.updateMany({ email: `${id}@example.org` }, { $max: { visits: 7 } }), { visits: 7 }],
  [
    'findOneAndUpdate',
    (of, id) => of.findOneAndUpdate({ email: `${id}@example.org` }, { $min: { visits: 0 } }, { sort: { email: 1 } }),
    { visits: 0 },
  ],
  ['replaceOne', (of, id) => of.replaceOne({ _id: id }, { visits: 9 }), { visits: 9, email: null }],
]

describe('By hand, a change of a document', () => {
  const others: readonly (typeof changes)[number][] = [
    [
      'that replaces it by stages',
      (of, id) => of.updateOne({ _id: id }, [{ $replaceWith: { _id: '$_id', visits: 5 } }]),
      { visits: 5 },
    ],
    [
      'that takes its bookkeeping away',
      (of, id) => of.updateOne({ _id: id }, [{ $set: { visits: 6 } }, { $unset: '_cf' }]),
      { visits: 6 },
    ],
    [
      'that deletes it and inserts another',
      async (of, id) => {
        await of.findOneAndDelete({ _id: id })
        await of.insertMany([{ _id: id, visits: 8 }])
      },
      { visits: 8 },
    ],
  ]
  test.each([...changes, ...others])('by %s goes above its version, and is owed', async (_, work, values) => {
    const id = await opened()
    const { images } = await run((collection) => work(collection, id))
    expect(images).toMatchObject([{ id, record: values, version: { epoch: 1, counter }, pending: true }])
    expect(await imageOf(id)).toMatchObject({ record: values, version: { epoch: 1, counter } })
  })

  test.each(['deleteOne', 'deleteMany', 'findOneAndDelete'] as const)('by %s leaves a tombstone above', async (by) => {
    const id = await opened()
    await run((collection) => collection[by]({ _id: id }) as Promise<unknown>)
    expect(await imageOf(id)).toMatchObject({ record: null, version: { epoch: 1, counter }, pending: true })
    expect(await raw().findOne({ _id: id })).toBeNull()
  })

  test('keeps the time since when it is owed, and what stands beside it', async () => {
    const id = await opened()
    const since = new Date('2020-01-01')
    await raw().updateOne({ _id: id }, { $set: { '_cf.pending': since, unmapped: 'x' } })
    await run((collection) => collection.replaceOne({ _id: id }, { unmapped: 'y', visits: 2 }))
    expect(await raw().findOne({ _id: id })).toMatchObject({ unmapped: 'y', _cf: { pending: since } })
  })

  test('counts what others have left in the place of its bookkeeping as nothing', async () => {
    const id = await opened()
    await raw().updateOne({ _id: id }, { $set: { _cf: 'theirs' } })
    const { images } = await run((collection) => collection.updateOne({ _id: id }, { $inc: { visits: 2 } }))
    expect(images).toMatchObject([{ record: { visits: 3 }, version: { epoch: 1 }, pending: true }])
  })

  test('passes by what readers do not see', async () => {
    const id = await opened()
    await raw().updateOne({ _id: id }, { $set: { '_cf.deleted': true } })
    const { result } = await run(async (collection) => [
      await collection.countDocuments({ _id: id }),
      await collection.findOne({ _id: id }),
      (await collection.aggregate([{ $match: { _id: id } }]).toArray()).length,
      (await collection.updateMany({ _id: id }, { $set: { visits: 5 } })).matchedCount,
      (await collection.deleteMany({ _id: id })).deletedCount,
    ])
    expect(result).toEqual([0, null, 0, 0, 0])
  })

  test('leaves documents alone that can have no record: what they owed nobody could put', async () => {
    const other = { _id: 5 as never, email: newId() }
    await raw().insertOne(other)
    const { result } = await run(async (collection) => [
      (await collection.find({ email: other.email }).toArray()).length,
      (await collection.updateMany({ email: other.email }, { $set: { visits: 5 } })).matchedCount,
      (await collection.deleteMany({ email: other.email })).deletedCount,
    ])
    expect(result).toEqual([0, 0, 0])
    expect(await raw().findOne({ _id: 5 as never })).toEqual(other)
  })

  test('is run again where another write came in between', async () => {
    const id = await opened()
    let runs = 0
    const { result } = await run(async (collection) => {
      const { visits } = (await collection.findOne({ _id: id }))!
      if (++runs === 1) await raw().updateOne({ _id: id }, { $inc: { visits: 10, '_cf.n': 1 } })
      await collection.updateOne({ _id: id }, { $set: { visits: visits * 2 } })
      return visits
    })
    expect([runs, result]).toEqual([2, 11])
    expect(await imageOf(id)).toMatchObject({ record: { visits: 22 } })
  })
})

test('what was deleted by hand is known to later steps of the transaction, where no tombstone tells of it', async () => {
  const id = await opened()
  const free = { epoch: 1, owed: false }
  const made = await stores.mongo.authority.together(
    async (steps) => {
      const deleted = side((collection) => collection.deleteOne({ _id: id }))
      await steps.byHand(Account, deleted, free)
      return steps.create(Account, account(id), free)
    },
    () => undefined,
  )
  expect(made.version).toEqual({ epoch: 1, counter: counter + 1 })
})

test('what a side has answered is held against what it answers where its transaction is run again', async () => {
  const id = await opened()
  const racing = stores.mongo.authority.together(
    async (steps) => {
      const few = side((collection) => collection.countDocuments({ _id: id, visits: { $lt: 5 } }))
      const { result } = await steps.byHand(Account, few, owed)
      expect(result).toBe(1)
      await raw().updateOne({ _id: id }, { $set: { visits: 7 } })
      return steps.patch(Account, id, planPatch(Account, { visits: 2 }), owed)
    },
    () => undefined,
  )
  await expect(racing).rejects.toMatchObject({ code: 'TRY_AGAIN' })
  expect(await imageOf(id)).toMatchObject({ record: { visits: 7 } })
})

const mistaken: readonly (readonly [string, Work<unknown>])[] = [
  ['a cursor', (of) => of.find({ visits: { $nope: 1 } }).toArray()],
  [
    'a clone of a cursor',
    (of) =>
      of
        .find({ visits: { $nope: 1 } })
        .clone()
        .next(),
  ],
  ['a pipeline', async (of) => void (await of.aggregate([{ $match: { visits: { $nope: 1 } } }]).hasNext())],
  ['a look', (of) => of.findOne({ visits: { $nope: 1 } })],
  ['a count', (of) => of.countDocuments({ visits: { $nope: 1 } })],
  ['a change', (of) => of.updateMany({ visits: { $nope: 1 } }, { $set: { visits: 5 } })],
]
test.each(mistaken)(
  'what a server refuses of the filter of %s is no client’s mistake, also where the side catches it',
  async (_, work) => {
    const id = await opened()
    const before = await imageOf(id)
    const refusal = { code: 'MISCONFIGURED', message: expect.stringMatching(/asks what MongoDB refuses: .*\$nope/) }
    await expect(run((collection) => work(collection, id))).rejects.toMatchObject(refusal)
    const caught = run(async (collection) => {
      await collection.updateOne({ _id: id }, { $set: { visits: 5 } })
      await work(collection, id).catch(() => undefined)
      await collection.updateOne({ _id: id }, { $set: { visits: 6 } }).catch(() => undefined)
    })
    await expect(caught).rejects.toMatchObject(refusal)
    expect(await imageOf(id)).toEqual(before)
  },
)

test('ids that are made for what a side inserts are the same where its transaction is run again', async () => {
  const id = await opened()
  let runs = 0
  const answered = await stores.mongo.authority.together(
    async (steps) => {
      const pair = side(async (collection) => {
        runs++
        const { insertedId } = await collection.insertOne({ title: 'asks' })
        return (await collection.insertMany([{ title: 'answers', answers: insertedId }])).insertedIds
      })
      await steps.byHand(Memo, pair, owed)
      const { images } = await steps.byHand(Memo, pair, owed)
      // It loses the transaction, which is run again from here
      await raw().updateOne({ _id: id }, { $set: { visits: 7 } })
      await steps.patch(Account, id, planPatch(Account, { visits: 2 }), owed)
      return images.map(({ id }) => id)
    },
    () => undefined,
  )
  expect(runs).toBe(4)
  const found = await stores.mongo.outbox.images(Memo, answered)
  expect(found.map(({ record }) => record!['title']).sort()).toEqual(['answers', 'asks'])
  expect(await connection.db.collection('memos').countDocuments()).toBe(4)
})

test('a side may begin with two cursors at once', async () => {
  const id = await opened()
  const both = async (collection: HandCollection) => {
    const [found, others] = await Promise.all([
      collection.find({ _id: id }).toArray(),
      collection.aggregate([{ $match: { _id: id } }, { $project: { visits: 1 } }]).toArray(),
    ])
    return [found.length, others]
  }
  // With connections at hand neither waits for one while the other begins
  const all = await Promise.all(Array.from({ length: 8 }, () => run(both)))
  for (const { result } of [...all, await run(both), await run(both)])
    expect(result).toEqual([1, [{ _id: id, visits: 1 }]])
})

test('a replacement by operators is refused, as the driver refuses it', async () => {
  const id = await opened()
  const written = run((collection) => collection.replaceOne({ _id: id }, { $set: { visits: 5 } }))
  await expect(written).rejects.toMatchObject({
    code: 'MISCONFIGURED',
    message: 'A write by hand of Account replaces by a document, and no operators.',
  })
  expect(await imageOf(id)).toMatchObject({ record: { visits: 1 } })
})

test('cursors of a write by hand cannot be made behind its end', async () => {
  let kept: HandCollection | undefined
  await run(async (collection) => {
    kept = collection
  })
  expect(() => kept!.find()).toThrow('A write by hand has ended')
  expect(() => kept!.aggregate()).toThrow('A write by hand has ended')
})

const refusals: readonly (readonly [string, Work<unknown>, string])[] = [
  ['an upsert', (of, id) => of.updateOne({ _id: id }, { $set: { visits: 1 } }, { upsert: true }), 'upsert'],
  ['a collation', (of, id) => of.deleteOne({ _id: id }, { collation: { locale: 'en', strength: 1 } }), 'collation'],
  ['a pipeline that writes', (of) => of.aggregate([{ $out: 'elsewhere' }]).toArray(), '$out'],
  ['an id of another kind', (of) => of.insertOne({ visits: 1 }), '_id'],
]
test.each(refusals)('%s by hand is refused, and leaves nothing', async (_, work, text) => {
  const id = await opened()
  const before = await imageOf(id)
  const written = run(async (collection) => {
    await collection.deleteOne({ _id: id })
    await work(collection, `${id} other`)
  })
  await expect(written).rejects.toMatchObject({ code: 'MISCONFIGURED', message: expect.stringContaining(text) })
  expect(await imageOf(id)).toEqual(before)
})

test('a write by hand touches no document of another type, and makes none of one', async () => {
  const [mine, theirs] = [newId(), newId()]
  const of = (id: string, entity: typeof Article | typeof Advert) =>
    stores.mongo.authority.create(entity, newRecord(entity, id, { title: 'a' }), owed)
  await of(mine, Article)
  await of(theirs, Advert)
  const { result } = await run((all) => all.updateMany({}, { $set: { title: 'b' } }), owed, Article)
  expect(result.matchedCount).toBe(1)
  expect(await connection.db.collection('contents').findOne({ _id: theirs as never })).toMatchObject({ title: 'a' })
  const turned = run((all) => all.updateOne({ _id: mine }, { $set: { kind: 'advert' } }), owed, Article)
  await expect(turned).rejects.toMatchObject({ code: 'MISCONFIGURED' })
  const made = run((all) => all.insertOne({ _id: newId(), kind: 'advert' }), owed, Article)
  await expect(made).rejects.toMatchObject({ code: 'MISCONFIGURED' })
  expect(await imageOf(mine, Article)).toMatchObject({ record: { title: 'b' } })
})

test('nobody knows whether it stands where the commit was not answered', async () => {
  const id = await opened()
  const startSession = (options: object): ClientSession => {
    const session = connection.client.startSession(options)
    const commit = session.commitTransaction.bind(session)
    session.commitTransaction = async () => {
      await commit()
      const error = new MongoNetworkError('closed')
      error.addErrorLabel(MongoErrorLabel.UnknownTransactionCommitResult)
      throw error
    }
    return session
  }
  const client = Object.create(connection.client, { startSession: { value: startSession } })
  const deaf = mongoAuthority({ ...connection, client })
  const written = run((collection) => collection.deleteOne({ _id: id }), owed, Account, deaf)
  await expect(written).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' })
  expect(await imageOf(id)).toMatchObject({ record: null, pending: true })
})

test('capture takes what is written by hand for ours, but for what replaces a document', async () => {
  const [id, fresh] = [await opened(), newId()]
  const stream = stores.mongo.foreignChanges.follow(Account, ['capture-marker', 'mongo'], null)
  await stream.next()
  await run(async (collection) => {
    for (const [name, change] of changes) if (name !== 'replaceOne') await change(collection, id)
    await collection.insertOne({ _id: fresh, visits: 1 })
  })
  await raw().updateOne({ _id: id }, { $set: { visits: 99 } })
  const made: unknown[] = []
  const look = async (): Promise<unknown[]> => {
    made.push(...(await stream.next()).made)
    return made
  }
  await expect.poll(look, { timeout: 20_000 }).toMatchObject([{ id, isGone: false }])
  await stream.close()
})

describe('On a MongoDB server by itself, which has no transactions, a write by hand', () => {
  /** As such a server answers: it is of no set. */
  const alone = (): Authority => {
    const db = Object.create(connection.db, { command: { value: async () => ({ isWritablePrimary: true }) } })
    return mongoAuthority({ ...connection, db })
  }

  test.each(changes)('changes documents by %s, each with its stamp in one operation', async (_, work, values) => {
    const id = await opened()
    const { images } = await run((collection) => work(collection, id), owed, Account, alone())
    expect(images).toMatchObject([{ id, record: values, version: { epoch: 1, counter }, pending: true }])
  })

  const refused: readonly (readonly [string, Work<unknown>])[] = [
    ['delete', (of, id) => of.deleteOne({ _id: id })],
    ['insert', (of, id) => of.insertOne({ _id: `${id} other` })],
    ['replace', (of, id) => of.updateOne({ _id: id }, [{ $replaceWith: { visits: 5 } }])],
    ['change', (of, id) => of.updateOne({ _id: id }, [{ $unset: ['visits', '_cf.at'] }])],
  ]
  test.each(refused)('is refused what could be cut off in the middle: %s', async (_, work) => {
    const id = await opened()
    const before = await imageOf(id)
    const written = run((collection) => work(collection, id), owed, Account, alone())
    await expect(written).rejects.toMatchObject({ code: 'MISCONFIGURED' })
    expect(await imageOf(id)).toEqual(before)
  })

  test('is durable, whatever its options say', async () => {
    const id = await opened()
    const heard: unknown[] = []
    const hear = ({ commandName, command }: CommandStartedEvent): void => {
      if (commandName === 'update') heard.push(command['writeConcern'])
    }
    connection.client.on('commandStarted', hear)
    const careless = { writeConcern: { w: 0 } } as const
    await run((all) => all.updateOne({ _id: id }, { $set: { visits: 5 } }, careless), owed, Account, alone())
    connection.client.off('commandStarted', hear)
    expect(heard).toEqual([{ w: 'majority', j: true }])
  })

  test('is refused for a document of a later epoch', async () => {
    const id = await opened()
    await raw().updateOne({ _id: id }, { $set: { '_cf.epoch': 2 } })
    const written = run((collection) => collection.updateMany({}, { $set: { visits: 5 } }), owed, Account, alone())
    await expect(written).rejects.toMatchObject({ code: 'TRY_AGAIN' })
    expect(await imageOf(id)).toMatchObject({ record: { visits: 1 } })
    await raw().deleteOne({ _id: id })
  })

  test('tells a refusal of one document where others may stand', async () => {
    const [one, other] = [await opened(), await opened()]
    const email = `both-${one}@example.org`
    const both = (collection: HandCollection) =>
      collection.updateMany({ _id: { $in: [one, other] } }, { $set: { email } })
    const name = await raw().createIndex({ email: 1 }, { unique: true, sparse: true })
    onTestFinished(async () => void (await raw().dropIndex(name)))
    await expect(run(both, owed, Account, alone())).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' })
    const third = await opened()
    const taken = run((collection) => collection.updateOne({ _id: third }, { $set: { email } }), owed, Account, alone())
    await expect(taken).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('tells where a part of it may stand', async () => {
    const id = await opened()
    let left = 1
    const check = (): void => {
      if (left-- === 0) throw new CrossfadeError('TRY_AGAIN', 'Authority has moved.')
    }
    const written = run(
      async (collection) => {
        await collection.updateOne({ _id: id }, { $set: { visits: 5 } })
        await collection.updateOne({ _id: id }, { $set: { visits: 6 } })
      },
      { ...owed, check },
      Account,
      alone(),
    )
    await expect(written).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' })
    expect(await imageOf(id)).toMatchObject({ record: { visits: 5 }, pending: true })
  })
})
