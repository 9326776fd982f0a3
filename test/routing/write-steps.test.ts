import { makeExecutableSchema } from '@graphql-tools/schema'
import {
  defineEntity,
  type GatewayContext,
  increment,
  int,
  load,
  only,
  type Transaction,
  text,
  where,
  write,
} from 'crossfade'
import type { GraphQLResolveInfo } from 'graphql'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

const Book = defineEntity('Book', {
  mongo: 'books',
  postgres: 'books',
  id: int(),
  fields: { title: text(), stars: int() },
})

const typeDefs = `
  type Query { book(id: ID!): Book }
  type Book { id: ID! title: String stars: Int }
  type Mutation { run: Book }`

/** What the mutation of the test at hand does. */
let work: (context: GatewayContext, info: GraphQLResolveInfo) => unknown
const resolvers = {
  Query: {
    book: (_: unknown, { id }: { id: string }, context: GatewayContext, info: GraphQLResolveInfo) =>
      load(context, info, Book, id),
  },
  Mutation: {
    run: {
      extensions: { writes: only(Book) },
      resolve: (_: unknown, __: unknown, context: GatewayContext, info: GraphQLResolveInfo) => work(context, info),
    },
  },
}
const schema = makeExecutableSchema({ typeDefs, resolvers })

const opened: SmallGateway[] = []
async function open(): Promise<SmallGateway> {
  const api = await openSmallGateway(schema, Book, [{ _id: 1, title: 'a', stars: 1 }])
  opened.push(api)
  return api
}
afterAll(() => Promise.all(opened.map((api) => api.close())))

/** Something to wait for, and what lets it go on. */
function gate() {
  let release = (): void => undefined
  const opens = new Promise<void>((resolve) => (release = resolve))
  return { opens, release: () => release() }
}

const run = 'mutation { run { title stars } }'
const mongoTitle = async ({ stores }: SmallGateway) =>
  (await stores.mongo.connection.collection(Book).findOne({ _id: 1 } as never))?.['title']

describe('A step of a write', () => {
  let api: SmallGateway
  beforeEach(async () => {
    api = await open()
  })

  test('that begins when movers may take the gateway for gone is refused, and told by what was written before', async () => {
    const { flags } = api.gateway.routing
    flags.stop()
    const told = async (first: (tx: Transaction) => Promise<unknown>): Promise<unknown> => {
      await flags.refresh()
      const now = vi.spyOn(performance, 'now')
      work = (context, info) =>
        write(context, info, async (tx) => {
          await first(tx)
          const late = performance.now() + 10_001
          now.mockImplementation(() => late) // as after a loop that was blocked
          return tx.of(Book).patch(1, { title: 'late' })
        })
      const answer = await api.ask(run)
      now.mockRestore()
      return answer
    }
    const nothing = await told(async () => undefined)
    expect(nothing).toMatchObject({ errors: [{ extensions: { code: 'TRY_AGAIN' } }] })
    const part = await told((tx) => tx.of(Book).patch(1, { stars: 2 }))
    expect(part).toMatchObject({ errors: [{ extensions: { code: 'UNKNOWN_OUTCOME' } }] })
    expect(await mongoTitle(api)).toBe('a')
  })

  test('that begins when the write has ended is refused, and never lost to a move in between', async () => {
    const { opens, release } = gate()
    let slow: Promise<unknown> = Promise.resolve()
    work = (context, info) =>
      write(context, info, async (tx) => {
        slow = opens.then(() => tx.of(Book).patch(1, { title: 'late' }))
        return (await Promise.all([slow, tx.of(Book).patch(1, { title: 5 as never })]))[0]
      })
    expect(await api.ask(run)).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    await api.setStage('live')
    release()
    await expect(slow).rejects.toMatchObject({ code: 'MISCONFIGURED', message: expect.stringContaining('has ended') })
    expect(await mongoTitle(api)).toBe('a')
    expect(await api.ask('{ book(id: 1) { title } }')).toEqual({ data: { book: { title: 'a' } } })
  })

  test('that has begun keeps a move waiting, also where nobody waits for the step', async () => {
    const { opens, release } = gate()
    const { authority } = api.stores.mongo
    const { patch } = authority
    Object.assign(authority, {
      patch: async (...args: Parameters<typeof patch>) => {
        await opens
        return patch(...args)
      },
    })
    work = (context, info) =>
      write(context, info, async (tx) => {
        void tx.of(Book).patch(1, { title: 'begun' })
        return tx.of(Book).get(1)
      })
    const answer = api.ask(run)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const moved = api.setStage('live').then(() => 'moved')
    expect(await Promise.race([moved, new Promise((resolve) => setTimeout(resolve, 500, 'waits'))])).toBe('waits')
    release()
    await answer
    expect(await moved).toBe('moved')
    expect(await api.ask('{ book(id: 1) { title } }')).toEqual({ data: { book: { title: 'begun' } } })
  })

  test('that leaves the record as it was owes nothing, and puts nothing', async () => {
    const put = vi.spyOn(api.gateway.routing.mirror, 'put')
    const same = { title: 'a', stars: increment(0) }
    work = (context, info) =>
      write(context, info, async (tx) => {
        const books = tx.of(Book)
        expect(await books.patchWhen(1, where(Book, { stars: { eq: 1 } }), same)).toMatchObject({ outcome: 'changed' })
        expect(await books.patchMany(where(Book, { stars: { eq: 1 } }), same)).toMatchObject([{ id: 1 }])
        await books.update(1, () => same)
        return books.patch(1, same)
      })
    expect(await api.ask(run)).toEqual({ data: { run: { title: 'a', stars: 1 } } })
    expect(put).not.toHaveBeenCalled()
    expect(await api.stores.mongo.outbox.backlog(Book)).toMatchObject({ count: 0 })
  })

  test('that leaves it as it was, and owed from before, puts it: the reply may show what the mirror lacks', async () => {
    const put = vi.spyOn(api.gateway.routing.mirror, 'put')
    const { authority } = api.stores.mongo
    const { patch } = authority
    Object.assign(authority, {
      patch: async (...args: Parameters<typeof patch>) => ({ ...(await patch(...args)), pending: true }),
    })
    work = (context, info) => write(context, info, (tx) => tx.of(Book).patch(1, { title: 'a' }))
    expect(await api.ask(run)).toMatchObject({ data: { run: { title: 'a' } } })
    expect(put).toHaveBeenCalledOnce()
  })

  test('of a transaction that somebody kept is refused', async () => {
    let kept: Transaction | undefined
    work = (context, info) =>
      write(context, info, async (tx) => {
        kept = tx
        return tx.of(Book).patch(1, { title: 'b' })
      })
    expect(await api.ask(run)).toMatchObject({ data: { run: { title: 'b' } } })
    await expect(kept!.of(Book).patch(1, { title: 'c' })).rejects.toMatchObject({ code: 'MISCONFIGURED' })
  })

  test('is seen by what is loaded behind it', async () => {
    const seen: unknown[] = []
    work = (context, info) =>
      write(context, info, async (tx) => {
        const see = async () => seen.push((await load(context, info, Book, 1, { reading: ['stars'] }))?.stars)
        await see()
        await tx.of(Book).patch(1, { stars: 2 })
        await see()
        return tx.of(Book).get(1)
      })
    await api.ask(run)
    expect(seen).toEqual([1, 2])
  })
})

test('a write inside of another shares its permit: it does not wait for a move that waits for both', async () => {
  const api = await open()
  const { opens, release } = gate()
  work = (context, info) =>
    write(context, info, async (tx) => {
      await tx.of(Book).patch(1, { title: 'outer' })
      await opens
      return write(context, info, (inner) => inner.of(Book).patch(1, { stars: 7 }))
    })
  const answer = api.ask(run)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const moved = api.setStage('live')
  const { flags } = api.gateway.routing
  while (flags.get('Book').state === 'steady') await flags.refresh()
  release()
  expect(await answer).toEqual({ data: { run: { title: 'outer', stars: 7 } } })
  await moved
  expect(await api.ask('{ book(id: 1) { title stars } }')).toEqual({ data: { book: { title: 'outer', stars: 7 } } })
})
