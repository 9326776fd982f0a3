import { append, defineEntity, embed, int, json, list } from 'crossfade'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allFields } from '../../src/entity/field-set.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { planPatch } from '../../src/query/patch.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Page = defineEntity('Page', {
  mongo: 'pages',
  postgres: 'pages',
  id: int(),
  fields: {
    body: json(),
    parts: list(embed({ data: json(), n: int() })),
    rows: list(embed({ data: json(), n: int() })).childTable('page_rows'),
  },
})

const origins = ['mongo', 'postgres'] as const
const stamp = { epoch: 1, owed: true }

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Page])
})
afterAll(() => stores.close())

const unsorted = '{"introduction":1,"body":{"zeta":[{"b":1,"a":2}],"a":"x"},"end":null,"":0,"10":1}'
/** Names that are whole numbers come first in every JavaScript object, whichever store it is read from. */
const seen = '{"10":1,"introduction":1,"body":{"zeta":[{"b":1,"a":2}],"a":"x"},"end":null,"":0}'
const value = (): unknown => JSON.parse(unsorted)

/** The text that a client gets, from both stores. */
async function texts(id: number): Promise<string[]> {
  const read = origins.map(async (origin) => {
    const record = (await stores[origin].reader.byIds(Page, [id], allFields(Page))).get(id)?.record
    return JSON.stringify([record?.['body'], record?.['parts'], record?.['rows']])
  })
  return Promise.all(read)
}

describe.each([
  { from: 'mongo', to: 'postgres' },
  { from: 'postgres', to: 'mongo' },
] as const)('JSON, authority $from', ({ from, to }) => {
  const put = async (id: number): Promise<void> => {
    await stores[to].replica.bulkPut(Page, await stores[from].outbox.images(Page, [id]), anyEpoch)
  }
  const id = from === 'mongo' ? 1 : 2

  test('keeps the order of its keys, in a field, in objects of a list and in rows', async () => {
    const object = { data: value(), n: 1 }
    await stores[from].authority.create(
      Page,
      newRecord(Page, id, { body: value(), parts: [object], rows: [object] }),
      stamp,
    )
    await put(id)
    const wanted = `[${seen},[{"data":${seen},"n":1}],[{"data":${seen},"n":1}]]`
    expect(await texts(id)).toEqual([wanted, wanted])
  })

  test('keeps it through patches', async () => {
    const patch = {
      body: { z: value(), a: 1 },
      parts: append({ data: { z: 1, a: value() } }),
      rows: append({ data: 5 }),
    }
    await stores[from].authority.patch(Page, id, planPatch(Page, patch), stamp)
    await put(id)
    const first = `{"data":${seen},"n":1}`
    const wanted = `[{"z":${seen},"a":1},[${first},{"data":{"z":1,"a":${seen}},"n":null}],[${first},{"data":5,"n":null}]]`
    expect(await texts(id)).toEqual([wanted, wanted])
  })
})
