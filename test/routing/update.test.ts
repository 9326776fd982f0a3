import { defineEntity, increment, int, objectId, only, text, together, where } from 'crossfade'
import { createBuilder, entityType } from 'crossfade/pothos'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createMongoIndex } from '../../src/demo/sample.ts'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Where } from '../../src/query/where.ts'
import { write } from '../../src/routing/writes.ts'
import { STAGE_PLAN } from '../../src/stage/stage.ts'
import { compareStores } from '../support/compare-stores.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Ticket = defineEntity('Ticket', {
  mongo: 'tickets',
  postgres: 'tickets',
  id: text(),
  group: 'hall',
  fields: { owner: text(), stock: int(), note: text() },
})

const Visitor = defineEntity('Visitor', {
  mongo: 'visitors',
  postgres: 'visitors',
  id: objectId(),
  fields: {
    email: text().required().unique(),
    visits: int(),
    badge: text().required().unique(),
    code: text({ nullIf: ['-'] }).unique(),
  },
})

const builder = createBuilder()
entityType(builder, Visitor)
const type = entityType(builder, Ticket)
builder.queryType({ fields: (t) => ({ none: t.field({ type, resolve: () => null }) }) })

let api: SmallGateway
beforeAll(async () => {
  api = await openAppGateway({ schema: builder.toSchema(), entities: [Ticket, Visitor], migrations: {} }, new Map())
  for (const path of ['email', 'badge'])
    await createMongoIndex(api.stores.mongo.connection, 'visitors', { [path]: 1 }, true)
  await ensureConstraints(api.stores, [Visitor])
}, 60_000)
afterAll(() => api?.close())

const writes = [
  ['each step by itself', only(Ticket)],
  ['in a transaction', together(Ticket)],
] as const

describe.each(['shadow', 'live'] as const)('An update that is decided by code, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))
  const { authority } = STAGE_PLAN[stage]

  describe.each(writes)('%s', (how, declared) => {
    const id = `${stage} ${how}`
    const run = <T>(...[work]: [Parameters<typeof write<T>>[2]]): Promise<T> =>
      write(api.gateway.routing, { ...declared, repeatable: true }, work)
    beforeEach(async () => {
      await run(async (tx) => {
        await tx.of(Ticket).delete(id)
        await tx.of(Ticket).create({ stock: 5 }, id)
      })
    })
    const present = () => run((tx) => tx.of(Ticket).get(id))
    /** At once, as so many clients would. */
    const twenty = (work: (n: number) => Promise<unknown>) => Promise.all(Array.from({ length: 20 }, (_, n) => work(n)))

    test('one of twenty claims wins', async () => {
      const claim = (n: number) =>
        run((tx) => tx.of(Ticket).update(id, ({ owner }) => (owner === null ? { owner: `client ${n}` } : null)))
      const owners = (await twenty(claim)).map((ticket) => (ticket as { owner: string }).owner)
      expect(new Set(owners).size).toBe(1)
      expect(owners[0]).toMatch(/^client \d+$/)
      expect((await present())!.owner).toBe(owners[0])
    })

    test('a counter that is guarded never goes below zero', async () => {
      const buy = () =>
        run(async (tx) => {
          let bought = false
          await tx.of(Ticket).update(id, ({ stock }) => {
            bought = stock! > 0
            return bought ? { stock: increment(-1) } : null
          })
          return bought
        })
      const bought = await twenty(buy)
      expect(bought.filter(Boolean)).toHaveLength(5)
      expect((await present())!.stock).toBe(0)
      await expect
        .poll(async () => (await compareStores(api.stores, Ticket)).different, { timeout: 20_000 })
        .toEqual([])
    })

    describe('or by a condition', () => {
      const free = where(Ticket, { owner: { eq: null } })
      const inStock = where(Ticket, { stock: { gte: 1 } })

      test('one of twenty claims wins, and the others see who', async () => {
        const claims = await twenty((n) => run((tx) => tx.of(Ticket).patchWhen(id, free, { owner: `client ${n}` })))
        const { owner } = (await present())!
        expect(owner).toMatch(/^client \d+$/)
        const told = claims as { outcome: string; record: { owner: string } }[]
        expect(told.map(({ outcome }) => outcome).sort()).toEqual(['changed', ...Array(19).fill('unmet')])
        expect(new Set(told.map(({ record }) => record.owner))).toEqual(new Set([owner]))
      })

      test('a counter that is guarded never goes below zero', async () => {
        const bought = await twenty(() => run((tx) => tx.of(Ticket).patchWhen(id, inStock, { stock: increment(-1) })))
        expect(bought.filter((each) => (each as { outcome: string }).outcome === 'changed')).toHaveLength(5)
        expect((await present())!.stock).toBe(0)
        await expect
          .poll(async () => (await compareStores(api.stores, Ticket)).different, { timeout: 20_000 })
          .toEqual([])
      })

      test('what was not met leaves no trace, and later steps go on', async () => {
        const { outbox } = api.stores[authority]
        const present = async () =>
          (await outbox.images(Ticket, [id])).map(({ version, record }) => ({ version, record }))
        const before = await present()
        const told = await run(async (tx) => [
          await tx.of(Ticket).patchWhen(id, where(Ticket, { stock: { gte: 6 } }), { note: 'rich' }),
          await tx.of(Ticket).patchWhen('nobody', free, { note: 'x' }),
        ])
        expect(told).toMatchObject([
          { outcome: 'unmet', record: { id, stock: 5, note: null } },
          { outcome: 'absent', record: null },
        ])
        expect(await present()).toEqual(before)
        const both = await run(async (tx) => {
          await tx.of(Ticket).patchWhen(id, where(Ticket, { stock: { gte: 6 } }), { note: 'rich' })
          await tx.of(Ticket).patchWhen(id, inStock, { stock: increment(-1) })
          return tx.of(Ticket).patchWhen(id, where(Ticket, { stock: { eq: 4 } }), { note: 'poor' })
        })
        expect(both).toMatchObject({ outcome: 'changed', record: { stock: 4, note: 'poor' } })
      })

      test('what meets it is deleted, by one of twenty', async () => {
        const poor = where(Ticket, { stock: { lt: 5 } })
        expect(await run((tx) => tx.of(Ticket).deleteWhen(id, poor))).toMatchObject({
          outcome: 'unmet',
          record: { id, stock: 5 },
        })
        const gone = await twenty(() => run((tx) => tx.of(Ticket).deleteWhen(id, inStock)))
        const told = gone as { outcome: string }[]
        expect(told.map(({ outcome }) => outcome).sort()).toEqual([...Array(19).fill('absent'), 'deleted'])
        expect(await present()).toBeNull()
        const wrong: Where = { op: 'gte', path: 'stock', value: 'many' }
        await expect(run((tx) => tx.of(Ticket).deleteWhen(id, wrong))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
        await expect
          .poll(async () => (await compareStores(api.stores, Ticket)).different, { timeout: 20_000 })
          .toEqual([])
      })

      test('a condition of another kind is refused before a store is asked', async () => {
        const wrong: Where = { op: 'gte', path: 'stock', value: 'many' }
        await expect(run((tx) => tx.of(Ticket).patchWhen(id, wrong, { note: 'x' }))).rejects.toMatchObject({
          code: 'BAD_USER_INPUT',
          message: expect.stringContaining('many'),
        })
      })

      test('a patch of nothing is refused', async () => {
        await expect(run((tx) => tx.of(Ticket).patchWhen(id, free, {}))).rejects.toMatchObject({
          code: 'BAD_USER_INPUT',
          message: 'A patch of Ticket changes nothing.',
        })
      })
    })

    test('leaves a record as it is, tells that there is none, and that the code failed', async () => {
      const { outbox } = api.stores[authority]
      const version = async () => (await outbox.images(Ticket, [id]))[0]!.version
      const before = await version()
      for (const nothing of [null, {}])
        expect(await run((tx) => tx.of(Ticket).update(id, () => nothing))).toMatchObject({ id, stock: 5 })
      expect(await run((tx) => tx.of(Ticket).update('nobody', () => ({ note: 'x' })))).toBeNull()
      const fails = run((tx) =>
        tx.of(Ticket).update(id, async () => {
          throw new Error('not for sale')
        }),
      )
      await expect(fails).rejects.toThrow('not for sale')
      const noPatch = run((tx) => tx.of(Ticket).update(id, () => 5 as never))
      await expect(noPatch).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        message: 'A patch of Ticket is an object of changes by path.',
      })
      expect(await version()).toEqual(before)
    })
  })

  test('is given up where others are first each time', async () => {
    const id = `${stage} contended`
    const { routing } = api.gateway
    await write(routing, only(Ticket), (tx) => tx.of(Ticket).create({ stock: 0 }, id))
    let tries = 0
    const contended = write(routing, only(Ticket), (tx) =>
      tx.of(Ticket).update(id, async () => {
        tries++
        const epoch = routing.flags.get('Ticket').epoch
        const stamp = { epoch, owed: true }
        await api.stores[authority].authority.patch(Ticket, id, planPatch(Ticket, { stock: increment(1) }), stamp)
        return { note: 'mine' }
      }),
    )
    await expect(contended).rejects.toMatchObject({
      code: 'TRY_AGAIN',
      message: `Ticket ${id} was changed by others 30 times before it could be; try again.`,
    })
    expect(tries).toBe(30)
    expect(await write(routing, only(Ticket), (tx) => tx.of(Ticket).get(id))).toMatchObject({ stock: 30, note: null })
  })
})

describe.each(['shadow', 'live'] as const)('An upsert, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))
  const run = <T>(work: Parameters<typeof write<T>>[2]): Promise<T> => write(api.gateway.routing, only(Visitor), work)
  const email = `${stage}@example.org`
  const visit = (badge = stage) =>
    run((tx) =>
      tx.of(Visitor).upsert('email', email, { create: { visits: 1, badge }, change: { visits: increment(1) } }),
    )

  test('of twenty at once makes one record', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => visit()))
    expect(new Set(made.map(({ id }) => id)).size).toBe(1)
    expect(made.map(({ visits }) => visits!).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1))
    await expect.poll(async () => (await compareStores(api.stores, Visitor)).different, { timeout: 20_000 }).toEqual([])
  })

  test('may leave a record as it is, and tells of another value that is taken', async () => {
    await visit()
    const given = { create: { badge: 'b' }, change: () => null }
    const seen = await run((tx) => tx.of(Visitor).upsert('email', email, given))
    expect(seen).toMatchObject({ email, badge: stage })
    const taken = run((tx) =>
      tx.of(Visitor).upsert('email', 'other@example.org', { create: { badge: stage }, change: {} }),
    )
    await expect(taken).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('looks again where the value went to another record while the code decided', async () => {
    const address = `moving ${stage}@example.org`
    const make = (badge: string) => ({ create: { visits: 1, badge }, change: { visits: increment(1) } })
    const { id } = await run((tx) => tx.of(Visitor).upsert('email', address, make(`${stage} 1`)))
    let asked = 0
    const change = async () => {
      asked++
      await run((tx) => tx.of(Visitor).patch(id, { email: `moved ${stage}@example.org` }))
      return { visits: increment(1) }
    }
    const made = await run((tx) => tx.of(Visitor).upsert('email', address, { ...make(`${stage} 2`), change }))
    expect(made).toMatchObject({ email: address, badge: `${stage} 2`, visits: 1 })
    expect(made.id).not.toBe(id)
    expect(asked).toBe(1)
    expect(await run((tx) => tx.of(Visitor).get(id))).toMatchObject({ visits: 1 })
  })

  test('finds nobody by null, nor by what means null', async () => {
    const given = { create: { badge: `${stage} none`, email: `none ${stage}` }, change: { visits: 99 } }
    for (const nobody of [null, '-'])
      await expect(run((tx) => tx.of(Visitor).upsert('code', nobody as string, given))).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        message: 'Visitor.code: null is no value to be found by.',
      })
  })

  test('needs what is unique, and no transaction', async () => {
    const byNote = write(api.gateway.routing, only(Ticket), (tx) =>
      tx.of(Ticket).upsert('note', 'x', { create: {}, change: {} }),
    )
    for (const no of [undefined, null, [], {}, { create: {} }, { change: { visits: 1 } }])
      await expect(run((tx) => tx.of(Visitor).upsert('email', 'none@example.org', no as never))).rejects.toMatchObject({
        code: 'MISCONFIGURED',
        message: 'An upsert of Visitor takes { create, change }.',
      })
    await expect(byNote).rejects.toMatchObject({ message: 'An upsert of Ticket needs note to be unique.' })
    const inside = write(api.gateway.routing, together(Ticket), (tx) =>
      tx.of(Ticket).upsert('note', 'x', { create: {}, change: {} }),
    )
    await expect(inside).rejects.toMatchObject({
      code: 'MISCONFIGURED',
      message: 'An upsert of Ticket stands in no transaction: leave it out of together().',
    })
  })
})
