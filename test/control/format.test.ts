import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkFormat, checkFormats, raiseFormat, readFormat } from '../../src/control/format.ts'
import { FormatWatch } from '../../src/control/format-watch.ts'
import { origins } from '../../src/util/origin.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeEach(async () => {
  stores = await openStores([])
})
afterEach(() => stores.close())

describe.each(origins)('the format of the bookkeeping in %s', (origin) => {
  const ledger = () => stores[origin].ledger

  test('is the first one where no number is kept, and is only ever raised', async () => {
    expect(await readFormat(ledger())).toBe(1)
    await checkFormat(ledger(), origin)
    expect(await raiseFormat(ledger())).toBe(true)
    expect(await raiseFormat(ledger())).toBe(false)
    expect(await readFormat(ledger())).toBe(1)
    expect(await raiseFormat(ledger(), 3)).toBe(true)
    expect(await raiseFormat(ledger(), 2)).toBe(false)
    expect(await raiseFormat(ledger())).toBe(false)
    expect(await readFormat(ledger())).toBe(3)
  })

  test('is the highest of those that several raise it to at once', async () => {
    await Promise.all([4, 2, 5, 3].map((to) => raiseFormat(ledger(), to)))
    expect(await readFormat(ledger())).toBe(5)
  })

  test('stands against writing where it is newer, with what to do', async () => {
    await raiseFormat(ledger(), 2)
    const text = `${origin} keeps Crossfade's bookkeeping in format 2, and this version knows format 1: it writes nothing. Run the version that ran \`crossfade migrate up\` last, or a newer one.`
    await expect(checkFormat(ledger(), origin)).rejects.toMatchObject({ code: 'MISCONFIGURED', message: text })
    const ledgers = { mongo: stores.mongo.ledger, postgres: stores.postgres.ledger }
    await expect(checkFormats(ledgers)).rejects.toMatchObject({ code: 'MISCONFIGURED', message: text })
  })

  test.each([
    ['a text', '2'],
    ['nothing', null],
    ['an object', { format: 2, minor: 1 }],
  ])('is newer where %s stands in the place of the number, and is not written over', async (_, value) => {
    await ledger().compareAndSet('format', 'bookkeeping', null, value)
    await expect(checkFormat(ledger(), origin)).rejects.toThrow(/in a format without a number/)
    expect(await raiseFormat(ledger())).toBe(false)
    expect(await ledger().get('format', 'bookkeeping')).toMatchObject({ revision: 1, value })
  })
})

test('a store that cannot be asked stands against nothing by itself', async () => {
  const { mongo, postgres } = stores
  const get = async (): Promise<never> => {
    throw new Error('it is down')
  }
  await checkFormats({ mongo: { ...mongo.ledger, get }, postgres: postgres.ledger })
  await raiseFormat(postgres.ledger, 2)
  await expect(checkFormats({ mongo: { ...mongo.ledger, get }, postgres: postgres.ledger })).rejects.toThrow(
    /^postgres/,
  )
})

test('what a gateway has learnt is told in the order of the stores, whichever answered first, and once to the log', () => {
  const told: string[] = []
  const formats = new FormatWatch((_, line) => told.push(line))
  formats.learn('postgres', 2)
  formats.learn('mongo', 3)
  formats.learn('postgres', 2)
  expect(formats.problems.map((problem) => problem.split(',')[0])).toEqual([
    "mongo keeps Crossfade's bookkeeping in format 3",
    "postgres keeps Crossfade's bookkeeping in format 2",
  ])
  expect(told.map((line) => line.split(' ')[0])).toEqual(['postgres', 'mongo'])
})
