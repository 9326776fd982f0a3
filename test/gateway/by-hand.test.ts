import { makeExecutableSchema } from '@graphql-tools/schema'
import {
  type ByHand,
  defineEntity,
  everything,
  type GatewayContext,
  increment,
  int,
  only,
  type Transaction,
  text,
  together,
  write,
} from 'crossfade'
import { GraphQLError, type GraphQLResolveInfo } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { STAGE_PLAN, stages } from '../../src/stage/stage.ts'
import { compareStores } from '../support/compare-stores.ts'
import { Purse, Transfer } from '../support/purses.ts'
import { openAppGateway, openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

const Book = defineEntity('Book', {
  mongo: 'books',
  postgres: 'books',
  id: int(),
  fields: { title: text(), stars: int() },
})

type Work = (tx: Transaction, context: GatewayContext, info: GraphQLResolveInfo) => Promise<unknown>

/** What the mutation of the test at hand does. */
let work: Work
const run = {
  resolve: async (_: unknown, __: unknown, context: GatewayContext, info: GraphQLResolveInfo) =>
    JSON.stringify(await write(context, info, (tx) => work(tx, context, info))),
}

interface Answer {
  readonly data: { readonly run: string | null } | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}
async function answered(api: SmallGateway, next: Work): Promise<Answer> {
  work = next
  return (await api.ask('mutation { run }')) as Answer
}

const opened: SmallGateway[] = []
afterAll(() => Promise.all(opened.map((api) => api.close())))

const typeDefs = 'type Query { stage: String } type Mutation { run: String }'
const schemaOf = (writes: typeof run & object) =>
  makeExecutableSchema({ typeDefs, resolvers: { Mutation: { run: writes } } })

/** Turns every title round, and says how many. */
const turned: ByHand<number> = {
  async mongo({ collection }) {
    const chars = {
      $map: { input: { $range: [0, { $strLenCP: '$title' }] }, in: { $substrCP: ['$title', '$$this', 1] } },
    }
    const reversed = { $reduce: { input: chars, initialValue: '', in: { $concat: ['$$this', '$$value'] } } }
    return (await collection.updateMany({}, [{ $set: { title: reversed } }])).matchedCount
  },
  postgres: async ({ sql, run, table, match }) =>
    (await run(sql`update ${table(Book)} set title = reverse(t.title) where ${match(Book, everything)} returning t.id`))
      .length,
}
const made = (id: number, title: string): ByHand<void> => ({
  mongo: async ({ collection }) => void (await collection.insertOne({ _id: id, title, stars: 1 })),
  postgres: async ({ sql, run }) =>
    void (await run(sql`insert into books (id, title, stars) values (${id}::integer, ${title}, 1)`)),
})
const removed = (id: number): ByHand<void> => ({
  mongo: async ({ collection }) => void (await collection.deleteOne({ _id: id })),
  postgres: async ({ sql, run, table }) =>
    void (await run(sql`delete from ${table(Book)} where t.id = ${id}::integer`)),
})

describe('A mutation that writes by hand', () => {
  let api: SmallGateway
  beforeAll(async () => {
    const schema = schemaOf({ ...run, extensions: { writes: only(Book) } } as typeof run)
    api = await openSmallGateway(schema, Book, [
      { _id: 1, title: 'abc', stars: 1 },
      { _id: 2, title: 'xyz', stars: 2 },
    ])
    opened.push(api)
    await api.setStage('off')
  })

  test.each(stages)('in %s does the same, and the mirror gets it', async (stage) => {
    await api.setStage(stage)
    const { authority, mirror } = STAGE_PLAN[stage]
    const titles = async (origin = authority) => {
      const found = await api.stores[origin].reader.scan(Book, { after: null, limit: 10 })
      return found.images.map(({ id, record }) => `${id} ${record!['title']}`)
    }
    const before = await titles()
    const next = 10 + stages.indexOf(stage)
    expect(before).not.toEqual([])
    const awaited = () => api.gateway.routing.mirror.acknowledged.get('Book') ?? 0
    const awaitedBefore = awaited()
    const answer = await answered(api, async (tx) => {
      await tx.byHand(Book, made(next, 'new'))
      const count = await tx.byHand(Book, turned)
      await tx.byHand(Book, removed(next))
      await tx.byHand(Book, made(next + 10, stage))
      return [count, (await tx.of(Book).get(1))?.title]
    })
    const [first] = before
    const title = [...first!.slice(2)].reverse().join('')
    expect(answer).toEqual({ data: { run: JSON.stringify([before.length + 1, title]) } })
    expect(await titles()).toEqual([
      ...before.map((each) => each.replace(/(?<= ).*/, (text) => [...text].reverse().join(''))),
      `${next + 10} ${stage}`,
    ])
    // Each record that was touched, once
    expect(awaited() - awaitedBefore).toBe(mirror === null ? 0 : before.length + 2)
    if (mirror === null) return
    await expect.poll(async () => (await compareStores(api.stores, Book)).different, { timeout: 20_000 }).toEqual([])
    const left = async () => (await api.stores[authority].outbox.backlog(Book)).count
    await expect.poll(left, { timeout: 20_000 }).toBe(0)
  })

  test('tells the error of the function as it is, and leaves nothing', async () => {
    await api.setStage('complete')
    const fails: ByHand<never> = {
      mongo: () => Promise.reject(new Error('not asked')),
      async postgres(hand) {
        await turned.postgres(hand)
        throw new GraphQLError('Not today.', { extensions: { code: 'CLOSED' } })
      },
    }
    const answer = await answered(api, (tx) => tx.byHand(Book, fails))
    expect(answer.errors).toMatchObject([{ message: 'Not today.', extensions: { code: 'CLOSED' } }])
    const conflict = await answered(api, (tx) => tx.byHand(Book, made(1, 'again')))
    expect(conflict.errors).toMatchObject([{ extensions: { code: 'CONFLICT' } }])
  })

  test('is told of a part where a later step fails', async () => {
    const { flags } = api.gateway.routing
    const answer = await answered(api, async (tx) => {
      await tx.byHand(Book, turned)
      const { mayGoOn } = flags
      flags.mayGoOn = () => false
      try {
        return await tx.of(Book).patch(1, { stars: increment(1) })
      } finally {
        flags.mayGoOn = mayGoOn
      }
    })
    expect(answer.errors).toMatchObject([{ extensions: { code: 'UNKNOWN_OUTCOME' } }])
  })

  test('is refused for a type that it does not declare', async () => {
    const answer = await answered(api, (tx) => tx.byHand(Purse, removed(1)))
    expect(answer).toMatchObject({ data: { run: null }, errors: [{}] })
  })
})

describe('What is written by hand', () => {
  let api: SmallGateway
  beforeAll(async () => {
    const schema = schemaOf({ ...run, extensions: { writes: only(Book) } } as typeof run)
    api = await openSmallGateway(schema, Book, [{ _id: 1, title: 'abc', stars: 1 }])
    opened.push(api)
  })

  test.each([
    ['shadow', 'live'],
    ['live', 'shadow'],
  ] as const)('in %s keeps a move waiting, and goes along with it', async (from, to) => {
    let release = (): void => undefined
    const opens = new Promise<void>((resolve) => (release = resolve))
    let isBegun = false
    const slow: ByHand<void> = {
      async mongo(hand) {
        await made(from.length, 'slow').mongo(hand)
        isBegun = true
        await opens
      },
      async postgres(hand) {
        await made(from.length, 'slow').postgres(hand)
        isBegun = true
        await opens
      },
    }
    const answer = answered(api, (tx) => tx.byHand(Book, slow))
    await expect.poll(() => isBegun, { timeout: 20_000 }).toBe(true)
    const moved = api.setStage(to)
    release()
    expect(await answer).toEqual({ data: { run: null } })
    await moved
    const { images } = await api.stores[STAGE_PLAN[to].authority].reader.scan(Book, { after: null, limit: 100 })
    expect(images.find(({ id }) => id === from.length)!.record).toMatchObject({ title: 'slow' })
  })
})

describe.each(['shadow', 'live'] as const)('What is written by hand in a group in %s', (stage) => {
  let api: SmallGateway
  beforeAll(async () => {
    const schema = schemaOf({ ...run, extensions: { writes: together(Purse, Transfer) } } as typeof run)
    api = await openAppGateway({ schema, entities: [Purse, Transfer], migrations: {} }, new Map())
    opened.push(api)
    await api.setStage(stage)
  })
  const { authority } = STAGE_PLAN[stage]
  const doubled = (id: string): ByHand<unknown> => ({
    mongo: ({ collection }) => collection.updateOne({ _id: id }, [{ $set: { coins: { $multiply: ['$coins', 2] } } }]),
    postgres: ({ sql, run, table }) => run(sql`update ${table(Purse)} set coins = coins * 2 where t.id = ${id}`),
  })
  const pay =
    (fails: boolean): Work =>
    async (tx) => {
      await tx.of(Purse).create({ coins: 4 }, 'mine')
      await tx.byHand(Purse, doubled('mine'))
      await tx.of(Purse).patch('mine', { coins: increment(1) })
      await tx.of(Transfer).create({ coins: 1 }, 'one')
      if (fails) throw new GraphQLError('no')
      return (await tx.of(Purse).get('mine'))!.coins
    }

  test('stands with the steps around it, or not at all', async () => {
    expect((await answered(api, pay(true))).errors).toMatchObject([{ message: 'no' }])
    expect(await api.stores[authority].outbox.images(Purse, ['mine'])).toEqual([])
    expect(await answered(api, pay(false))).toEqual({ data: { run: '9' } })
    await expect.poll(async () => (await compareStores(api.stores, Purse)).different, { timeout: 20_000 }).toEqual([])
  })
})
