import { readFileSync } from 'node:fs'
import { Client, cacheExchange, fetchExchange } from '@urql/core'
import { type DocumentNode, parse, separateOperations } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stages } from '../../src/stage/stage.ts'
import { customer, staff, tokenOf, type Variables } from './shop/client.ts'
import { openShop, type Shop } from './shop/open-shop.ts'

/** As an app has them: one operation a document, with the fragments that it uses. */
function documentOf(file: string, name: string): DocumentNode {
  const url = new URL(`../../examples/shop/operations/${file}.graphql`, import.meta.url)
  return separateOperations(parse(readFileSync(url, 'utf8')))[name]!
}

const asked: readonly [viewer: Parameters<Shop['as']>[0], file: string, name: string, variables?: Variables][] = [
  [null, 'visitor', 'Catalogue', { first: 30, orderBy: [{ field: 'PRICE' }] }],
  [null, 'visitor', 'Catalogue', { filter: { title: { contains: 'ü "x" €', insensitive: true } } }],
  [null, 'visitor', 'Product', { id: 'the-blue-harbour-7' }],
  [customer(10), 'customer', 'MyOrders', { limit: 2, offset: 3 }],
  [staff, 'staff', 'AllOrders', { filter: { lines: { isEmpty: true } } }],
  [null, 'staff', 'AllOrders', { limit: 1 }], // refused
]

let shop: Shop
let before: Awaited<ReturnType<typeof answers>>
beforeAll(async () => {
  shop = await openShop()
  await shop.setStage('off')
  before = await answers()
})
afterAll(() => shop?.close())

/** A client library that adds `__typename` to what is asked, keeps answers, and sends short queries in the address. */
async function clientOf(viewer: Parameters<Shop['as']>[0]): Promise<Client> {
  const authorization = await tokenOf(viewer)
  const headers: Record<string, string> = authorization === null ? {} : { authorization }
  const exchanges = [cacheExchange, fetchExchange]
  return new Client({ url: shop.gateway.url, exchanges, fetchOptions: { headers } })
}

async function answers() {
  const found = []
  for (const [viewer, file, name, variables] of asked) {
    const client = await clientOf(viewer)
    const { data, error } = await client.query(documentOf(file, name), variables ?? {})
    found.push({ name, data, errors: error?.graphQLErrors.map(({ message, path }) => ({ message, path })) })
  }
  return found
}

describe.each(stages)('urql in %s', (stage) => {
  beforeAll(() => shop.setStage(stage))

  test('is answered as in off', async () => {
    const found = await answers()
    expect(found).toEqual(before)
    expect(found.map(({ data }) => data === undefined || data === null)).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ])
  })
})
