import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addToSet, append, increment, pull } from '../../src/query/operations.ts'
import { planPatch } from '../../src/query/patch.ts'
import { Account, account, both, directions, newId, openAccounts, owed, sweepOnce } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openAccounts()
})

afterAll(() => stores.close())

const range = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `t${String(index).padStart(2, '0')}`)

describe.each(directions)('Lists in a child table, authority $from', ({ from, to }) => {
  const tagsOf = async (id: string): Promise<string[]> => {
    const [image] = await stores[from].outbox.images(Account, [id])
    return image!.record!['tags'] as string[]
  }

  test('fifty appends at once are all there, each once [concurrent-push]', async () => {
    const id = newId()
    await stores[from].authority.create(Account, account(id), owed)
    const push = (tag: string): Promise<unknown> =>
      stores[from].authority.patch(Account, id, planPatch(Account, { tags: append(tag), visits: increment(1) }), owed)
    await Promise.all(range(50).map(push))
    expect((await tagsOf(id)).toSorted()).toEqual(range(50))
    expect(await sweepOnce(stores, from)).toBe(0)
    const { authority, mirror } = await both(stores, from, id)
    expect(authority).toMatchObject({ record: { visits: 50 } })
    expect(mirror).toEqual(authority)
  })

  test('additions of the same element at once leave one [concurrent-push]', async () => {
    const id = newId()
    await stores[from].authority.create(Account, account(id, { tags: [] }), owed)
    const patch = planPatch(Account, { tags: addToSet('same') })
    await Promise.all(range(20).map(() => stores[from].authority.patch(Account, id, patch, owed)))
    expect(await tagsOf(id)).toEqual(['same'])
  })

  test('appends and pulls at once neither lose nor keep what they should not [concurrent-push]', async () => {
    const id = newId()
    await stores[from].authority.create(Account, account(id, { tags: range(10) }), owed)
    const patches = [
      ...range(10).map((tag) => ({ tags: pull(tag) })),
      ...range(10).map((tag) => ({ tags: append(`new ${tag}`) })),
    ]
    await Promise.all(
      patches.map((patch) => stores[from].authority.patch(Account, id, planPatch(Account, patch), owed)),
    )
    expect((await tagsOf(id)).toSorted()).toEqual(range(10).map((tag) => `new ${tag}`))
  })

  test('puts of many versions at once end with the children of the newest [cte-children]', async () => {
    const id = newId()
    const images = [await stores[from].authority.create(Account, account(id), owed)]
    for (const tag of range(12)) {
      images.push((await stores[from].authority.patch(Account, id, planPatch(Account, { tags: append(tag) }), owed))!)
    }
    const outcomes = await Promise.all(
      images.toReversed().map((image) => stores[to].replica.bulkPut(Account, [image], anyEpoch)),
    )
    expect(outcomes.flat().some(({ put }) => put === 'applied')).toBe(true)
    expect(await sweepOnce(stores, from)).toBe(0)
    const { authority, mirror } = await both(stores, from, id)
    expect(authority).toMatchObject({ record: { tags: range(12) } })
    expect(mirror).toEqual(authority)
  })

  test('of puts at once the newest stays, without any help from the sweep [cte-children]', async () => {
    const rounds = Array.from({ length: 20 }, async () => {
      const id = newId()
      const first = await stores[from].authority.create(Account, account(id, { visits: 0 }), owed)
      await stores[to].replica.bulkPut(Account, [first], anyEpoch)
      const images = []
      for (const patch of [{ visits: 1 }, { tags: ['a'] }, { address: {}, visits: 2 }, { tags: ['b', 'c'] }]) {
        images.push((await stores[from].authority.patch(Account, id, planPatch(Account, patch), owed))!)
      }
      const outcomes = await Promise.all(
        images.toReversed().map((image) => stores[to].replica.bulkPut(Account, [image], anyEpoch)),
      )
      const { authority, mirror } = await both(stores, from, id)
      expect(mirror).toEqual(authority)
      expect(outcomes[0]).toEqual([{ put: 'applied' }])
    })
    await Promise.all(rounds)
  })

  test('a write that fails leaves the children as they were [cte-children]', async () => {
    const [id, other] = [newId(), newId()]
    await stores[from].authority.create(Account, account(id, { tags: ['a'] }), owed)
    await stores[from].authority.create(Account, account(other), owed)
    const patch = planPatch(Account, { tags: append('b'), email: `${other}@example.org` })
    await expect(stores[from].authority.patch(Account, id, patch, owed)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await tagsOf(id)).toEqual(['a'])
  })
})
