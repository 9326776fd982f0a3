import type { Collection, CommandStartedEvent } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bulkPut } from '../../src/stores/mongo/bulk-put.ts'
import type { Image } from '../../src/stores/store.ts'
import { Account, account, newId, openAccounts } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { emptyStores, type TestStores } from '../support/stores.ts'

interface Raw {
  _id: string
  email?: string
  visits?: number
}

let stores: TestStores
let raw: Collection<Raw>
const started: CommandStartedEvent[] = []
const onStart = (event: CommandStartedEvent): void => void started.push(event)

beforeAll(async () => {
  stores = await openAccounts()
  raw = stores.mongo.connection.db.collection('accounts')
  stores.mongo.connection.client.on('commandStarted', onStart)
})
beforeEach(async () => {
  await emptyStores(stores)
  started.length = 0
})
afterEach(() => started.splice(0))
afterAll(() => stores.close())

const image = (id: string, counter: number, email: string): Image => ({
  id,
  version: { epoch: 1, counter },
  pending: true,
  record: account(id, { email, visits: counter }),
  rest: null,
  issues: [],
})

const put = (...images: readonly Image[]) => bulkPut(stores.mongo.connection, Account, images, anyEpoch)
const applied = { put: 'applied' }

/** Three records that MongoDB has, and their images with the addresses handed on. */
async function circle(): Promise<{ ids: string[]; next: Image[] }> {
  const ids = [newId(), newId(), newId()]
  await put(...ids.map((id) => image(id, 1, `${id}@example.org`)))
  return { ids, next: ids.map((id, n) => image(id, 2, `${ids[(n + 1) % 3]}@example.org`)) }
}

/** Updates of accounts that write a value like this, and whether each is a step of a transaction. */
const writesOf = (text: string): boolean[] =>
  started
    .filter(({ commandName, command }) => commandName === 'update' && command['update'] === 'accounts')
    .filter(({ command }) => JSON.stringify(command['updates']).includes(text))
    .map(({ command }) => command['autocommit'] === false)

describe('Records that exchange unique values in MongoDB', () => {
  test('do so in one transaction, outside of which nobody sees a value that is parked [parked-value]', async () => {
    const { ids, next } = await circle()
    started.length = 0
    expect(await put(...next)).toEqual([applied, applied, applied])
    const steps = writesOf('parked ')
    expect(steps.length).toBeGreaterThanOrEqual(2)
    expect(new Set(steps)).toEqual(new Set([true]))
    expect((await raw.find().sort({ _id: 1 }).toArray()).map(({ email }) => email)).toEqual(
      [ids[1], ids[2], ids[0]].map((id) => `${id}@example.org`),
    )
  })

  test('stay as they were where another holds one of them for good, and who does is told', async () => {
    const { ids, next } = await circle()
    const holder = newId()
    await put(image(holder, 1, 'taken@example.org'))
    const [first, second, third] = next
    const outcomes = await put(first!, second!, image(ids[2]!, 2, 'taken@example.org'))
    expect(outcomes[2]).toMatchObject({ put: 'blocked', by: [holder] })
    const emails = (await raw.find().toArray()).map(({ email }) => email)
    expect(emails.filter((email) => email?.startsWith('parked'))).toEqual([])
    expect(await put(first!, second!, third!)).toEqual(expect.arrayContaining([applied]))
  })

  test('are not taken back by one that is as new already', async () => {
    const { ids, next } = await circle()
    await raw.updateOne({ _id: ids[0]! }, { $set: { email: 'newer@example.org' }, $inc: { '_cf.at': 8 } } as never)
    const outcomes = await put(...next)
    expect(outcomes[0]).toEqual({ put: 'late' })
    expect(await raw.findOne({ _id: ids[0]! })).toMatchObject({ email: 'newer@example.org', visits: 1 })
    expect((await raw.find().toArray()).filter(({ email }) => email?.startsWith('parked'))).toEqual([])
  })
})
