import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { planPatch } from '../../src/query/patch.ts'
import { bump } from '../../src/stores/mongo/bookkeeping.ts'
import type { Stamp } from '../../src/stores/store.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { Account, account, newId, openAccounts } from '../support/account.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openAccounts()
})
afterAll(() => stores?.close())

/** A writer that may write for so many questions, and has lost the right since. */
function losing(questions: number): Stamp {
  let left = questions
  const check = (): void => {
    if (left-- === 0) throw new CrossfadeError('TRY_AGAIN', 'Authority has moved.')
  }
  return { epoch: 1, owed: false, check }
}

const accounts = () => stores.mongo.connection.db.collection<{ _id: string }>('accounts')
const refusal = { code: 'TRY_AGAIN', message: 'Authority has moved.' }

describe('A write whose writer was stopped between an answer of MongoDB and its next command [paused-gateway]', () => {
  /** A record whose delete was cut off behind its mark, and holds its unique value. */
  async function marked(): Promise<string> {
    const id = newId()
    await stores.mongo.authority.create(Account, account(id), losing(9))
    await accounts().updateOne({ _id: id }, [{ $set: { _cf: bump({ epoch: 1, owed: false }, { deleted: true }) } }])
    return id
  }

  test('inserts nothing behind the look at the clock', async () => {
    const id = newId()
    await expect(stores.mongo.authority.create(Account, account(id), losing(0))).rejects.toMatchObject(refusal)
    expect(await accounts().findOne({ _id: id })).toBeNull()
  })

  test('takes over no id of a delete that was cut off', async () => {
    const id = await marked()
    await expect(stores.mongo.authority.create(Account, account(id), losing(1))).rejects.toMatchObject(refusal)
    expect(await accounts().findOne({ _id: id })).toMatchObject({ _cf: { deleted: true } })
  })

  test('creates nothing once it has settled who held the unique value', async () => {
    const [held, id] = [await marked(), newId()]
    const record = account(id, { email: `${held}@example.org` })
    await expect(stores.mongo.authority.create(Account, record, losing(2))).rejects.toMatchObject(refusal)
    expect(await accounts().findOne({ _id: id })).toBeNull()
  })

  test('changes nothing once it has settled who held the unique value', async () => {
    const [held, id] = [await marked(), newId()]
    await stores.mongo.authority.create(Account, account(id), losing(9))
    const patch = planPatch(Account, { email: `${held}@example.org` })
    await expect(stores.mongo.authority.patch(Account, id, patch, losing(0))).rejects.toMatchObject(refusal)
    expect(await accounts().findOne({ _id: id })).toMatchObject({ email: `${id}@example.org` })
  })
})
