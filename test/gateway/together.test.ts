import { makeExecutableSchema } from '@graphql-tools/schema'
import { append, type GatewayContext, increment, load, repeatable, type Transaction, together, write } from 'crossfade'
import type { GraphQLResolveInfo } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { planPatch } from '../../src/query/patch.ts'
import { STAGE_PLAN } from '../../src/stage/stage.ts'
import type { Image } from '../../src/stores/store.ts'
import { otherOrigin } from '../../src/util/origin.ts'
import { Purse, Transfer } from '../support/purses.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const typeDefs = `
  type Query { purse(id: ID!): Purse }
  type Purse { id: ID! coins: Int }
  type Mutation { run: String  again: String }`

/** What the mutation of the test at hand does. */
let work: (tx: Transaction, context: GatewayContext, info: GraphQLResolveInfo) => Promise<unknown>
const running = {
  extensions: { writes: together(Purse, Transfer) },
  resolve: async (_: unknown, __: unknown, context: GatewayContext, info: GraphQLResolveInfo) =>
    String(await write(context, info, (tx) => work(tx, context, info))),
}
const resolvers = {
  Query: {
    purse: (_: unknown, { id }: { id: string }, context: GatewayContext, info: GraphQLResolveInfo) =>
      load(context, info, Purse, id),
  },
  Mutation: { run: running, again: { ...running, extensions: { writes: repeatable(together(Purse, Transfer)) } } },
}

let api: SmallGateway
beforeAll(async () => {
  const schema = makeExecutableSchema({ typeDefs, resolvers })
  api = await openAppGateway({ schema, entities: [Purse, Transfer], migrations: {} }, new Map())
})
afterAll(() => api?.close())

/** What another write does. */
const another = planPatch(Purse, { coins: increment(1) })

let made = 0
const newId = (): string => `purse-${++made}`

async function run(next: typeof work, field: 'run' | 'again' = 'run') {
  work = next
  return (await api.ask(`mutation { it: ${field} }`)) as {
    data: { it: string } | null
    errors?: { message: string; extensions: { code: string } }[]
  }
}
const codeOf = ({ errors }: Awaited<ReturnType<typeof run>>): string | undefined => errors?.[0]?.extensions.code

const pay = async (tx: Transaction, id: string, coins = 1): Promise<void> => {
  await tx.of(Purse).patch(id, { coins: increment(-coins) })
  await tx.of(Transfer).create({ coins, marks: ['paid'] }, id)
}

async function opened(): Promise<string> {
  const id = newId()
  expect(await run((tx) => tx.of(Purse).create({ coins: 10, owner: id }, id))).not.toHaveProperty('errors')
  return id
}

describe.each(['shadow', 'live'] as const)('What is written together in %s', (stage) => {
  const { authority } = STAGE_PLAN[stage]
  beforeAll(() => api.setStage(stage))

  const left = async (id: string, origin = authority): Promise<(Image | undefined)[]> =>
    Promise.all([Purse, Transfer].map(async (entity) => (await api.stores[origin].outbox.images(entity, [id]))[0]))
  const coins = async (id: string) => (await left(id)).map((image) => image?.record?.['coins'])

  test('is done whole, seen by what is loaded behind it, and mirrored by type', async () => {
    const id = await opened()
    const seen: unknown[] = []
    const answer = await run(async (tx, context, info) => {
      const look = async () => seen.push((await load(context, info, Purse, id, { reading: ['coins'] }))?.coins)
      await look()
      await pay(tx, id, 4)
      seen.push((await tx.of(Purse).get(id))?.coins, (await tx.of(Transfer).get(id))?.coins)
      return 'done'
    })
    expect(answer.data).toEqual({ it: 'done' })
    expect(seen).toEqual([10, 6, 4])
    expect(await coins(id)).toEqual([6, 4])
    expect(await api.ask(`{ purse(id: "${id}") { coins } }`)).toEqual({ data: { purse: { coins: 6 } } })
    const there = await left(id)
    await expect
      .poll(async () => (await left(id, otherOrigin(authority))).map((image) => image?.version), { timeout: 20_000 })
      .toEqual(there.map((image) => image?.version))
  })

  test('is undone whole where the resolver throws', async () => {
    const id = await opened()
    const answer = await run(async (tx) => {
      await pay(tx, id)
      throw new Error('no')
    })
    expect(answer.errors).toHaveLength(1)
    expect(await coins(id)).toEqual([10, undefined])
    expect(await left(id, otherOrigin(authority))).toEqual([expect.anything(), undefined])
  })

  test('is undone whole where a step fails, whatever the resolver makes of it', async () => {
    const [id, other] = [await opened(), await opened()]
    const answer = await run(async (tx) => {
      await pay(tx, id)
      await tx
        .of(Purse)
        .create({ coins: 3 }, other)
        .catch(() => undefined)
      await expect(tx.of(Purse).patch(id, { coins: 3 })).rejects.toMatchObject({ code: 'CONFLICT' })
      return 'done'
    })
    expect(codeOf(answer)).toBe('CONFLICT')
    expect(await coins(id)).toEqual([10, undefined])
  })

  test('goes on where the resolver catches what was never sent', async () => {
    const id = await opened()
    const answer = await run(async (tx) => {
      await tx
        .of(Purse)
        .patch(id, { coins: 'many' as never })
        .catch(() => undefined)
      await pay(tx, id)
      return 'done'
    })
    expect(answer.data).toEqual({ it: 'done' })
    expect(await coins(id)).toEqual([9, 1])
  })

  test('may be begun at once: its steps take turns', async () => {
    const ids = [await opened(), await opened(), await opened()]
    const answer = await run(async (tx) => {
      await Promise.all(ids.map((id) => pay(tx, id)))
      return 'done'
    })
    expect(answer.data).toEqual({ it: 'done' })
    for (const id of ids) expect(await coins(id)).toEqual([9, 1])
  })

  test('takes part in one around it, and is undone with it', async () => {
    const [id, inner] = [await opened(), await opened()]
    const nested =
      (fails: 'inside' | 'outside' | 'nowhere'): typeof work =>
      async (tx, context, info) => {
        await pay(tx, id)
        await write(context, info, async (own) => {
          await own.of(Purse).patch(id, { coins: increment(-5) }) // a record that the outer one holds
          await pay(own, inner)
          if (fails === 'inside') throw new Error('no')
        }).catch(() => undefined)
        if (fails === 'outside') throw new Error('no')
        return 'done'
      }
    for (const fails of ['inside', 'outside'] as const) {
      expect((await run(nested(fails))).errors).toHaveLength(1)
      expect([await coins(id), await coins(inner)]).toEqual([
        [10, undefined],
        [10, undefined],
      ])
    }
    expect((await run(nested('nowhere'))).data).toEqual({ it: 'done' })
    expect([await coins(id), await coins(inner)]).toEqual([
      [4, 1],
      [9, 1],
    ])
  })

  test('is run once, and the client told to try again, where another write came in between', async () => {
    const id = await opened()
    let runs = 0
    const racing =
      (most: number): typeof work =>
      async (tx) => {
        runs++
        const before = (await tx.of(Purse).get(id))!.coins!
        if (runs <= most) await api.stores[authority].authority.patch(Purse, id, another, stamp())
        await tx.of(Purse).patch(id, { coins: before - 1 })
        await tx.of(Transfer).create({ coins: 1 }, newId())
        return runs
      }
    const stamp = () => ({ epoch: api.gateway.routing.flags.get('Purse').epoch, owed: true })
    const once = await run(racing(1))
    expect(runs).toBe(1)
    // MongoDB's transactions see the store as it was at their beginning; PostgreSQL's statements each see it as it is
    expect(codeOf(once)).toBe(authority === 'mongo' ? 'TRY_AGAIN' : undefined)
    runs = 0
    const again = await run(racing(2), 'again')
    expect(again.data).toEqual({ it: authority === 'mongo' ? '3' : '1' })
  })

  test('is never cut in two by a move, which holds both types', async () => {
    const id = await opened()
    let release = (): void => undefined
    const opens = new Promise<void>((resolve) => (release = resolve))
    const answer = run(async (tx) => {
      await tx.of(Purse).patch(id, { coins: increment(-1) })
      await opens
      await tx.of(Transfer).create({ coins: 1, marks: ['paid'] }, id)
      return 'done'
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    const moved = api.setStage(stage === 'shadow' ? 'live' : 'shadow')
    const { flags } = api.gateway.routing
    // In PostgreSQL the flag itself waits for what was begun under it
    while (authority === 'mongo' && flags.get('Transfer').state === 'steady') await flags.refresh()
    expect(flags.get('Purse').state).toBe(authority === 'mongo' ? 'draining' : 'steady')
    expect(await Promise.race([moved.then(() => 'moved'), new Promise((done) => setTimeout(done, 300, 'waits'))])).toBe(
      'waits',
    )
    release()
    expect((await answer).data).toEqual({ it: 'done' })
    await moved
    expect(await coins(id)).toEqual([9, 1])
    const now = flags.get('Purse')
    expect([now.stage, now.type]).toEqual([stage === 'shadow' ? 'live' : 'shadow', 'money'])
    await api.setStage(stage)
  })
})

test('a list of what a step adds to is as it is in the transaction', async () => {
  const id = await opened()
  await run(async (tx) => {
    await pay(tx, id)
    const mine = await tx.of(Transfer).patch(id, { marks: append('seen') })
    expect(mine?.marks).toEqual(['paid', 'seen'])
    return tx.of(Transfer).delete(id)
  })
  expect((await api.stores.postgres.outbox.images(Transfer, [id]))[0]?.record ?? null).toBeNull()
})
