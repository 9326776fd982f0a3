import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Id, Rec } from '../../src/entity/entity.ts'
import { allFields, fieldSet } from '../../src/entity/field-set.ts'
import { everything } from '../../src/query/where.ts'
import type { TestStores } from '../support/stores.ts'
import { openFleet } from './fleet.ts'
import { Vessel, type VesselName, vesselId, vesselNames } from './vessel.ts'
import { vesselRecords } from './vessel-records.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openFleet()
})

afterAll(() => stores.close())

describe.each(['mongo', 'postgres'] as const)('Reads from %s', (origin) => {
  async function read(ids: readonly Id[], paths: readonly string[]): Promise<ReadonlyMap<Id, Rec>> {
    const items = await stores[origin].reader.byIds(Vessel, ids, fieldSet(Vessel, paths))
    return new Map([...items].map(([id, item]) => [id, item.record]))
  }

  const one = async (name: VesselName, ...paths: string[]): Promise<Rec | undefined> =>
    (await read([vesselId(name)], paths)).get(vesselId(name))

  test.each(vesselNames)('the whole record of %s is what was written down', async (name) => {
    const id = vesselId(name)
    const items = await stores[origin].reader.byIds(Vessel, [id], allFields(Vessel))
    expect(items.get(id)).toEqual({
      version: { epoch: 0, counter: 0 },
      pending: false,
      record: { id, ...vesselRecords[name] },
    })
  })

  test('ids that do not exist have no entry', async () => {
    const records = await read([vesselId('aurora'), '65000000000000000000ffff'], [])
    expect([...records]).toEqual([[vesselId('aurora'), { id: vesselId('aurora') }]])
  })

  test('no ids are no records', async () => {
    expect((await read([], ['name'])).size).toBe(0)
  })

  test('a narrow field set reads its paths and nothing else', async () => {
    expect(await one('aurora', 'name', 'engine.fuel.tons')).toEqual({
      id: vesselId('aurora'),
      name: 'Aurora',
      engine: { fuel: { tons: 20.25 } },
    })
  })

  test('a child list can be read alone, with its duplicates and order', async () => {
    expect(await one('aurora', 'ports')).toEqual({ id: vesselId('aurora'), ports: ['Oslo', 'Bergen', 'Oslo'] })
  })

  test('the presence of embedded objects is read without their members', async () => {
    const records = await read(vesselNames.map(vesselId), ['engine', 'engine.fuel'])
    const shown = Object.fromEntries(vesselNames.map((name) => [name, records.get(vesselId(name))?.['engine']]))
    expect(shown).toEqual({
      aurora: { fuel: {} },
      bounty: null,
      comet: null,
      delta: { fuel: null },
      echo: { fuel: {} },
      fulmar: null,
      grebe: null,
      heron: { fuel: null },
      ibis: { fuel: {} },
      jackdaw: { fuel: {} },
      kite: null,
      lark: null,
      merlin: { fuel: null },
    })
  })

  test('a member shows the presence of the objects around it', async () => {
    expect(await one('delta', 'engine.maker')).toEqual({ id: vesselId('delta'), engine: { maker: null } })
    expect(await one('comet', 'engine.maker')).toEqual({ id: vesselId('comet'), engine: null })
    expect(await one('delta', 'engine.fuel.kind')).toEqual({ id: vesselId('delta'), engine: { fuel: null } })
    expect(await one('echo', 'engine.fuel.kind')).toEqual({ id: vesselId('echo'), engine: { fuel: { kind: null } } })
  })

  test('count leaves out documents whose id is of another type', async () => {
    expect(await stores[origin].reader.count(Vessel, everything)).toBe(13)
  })

  test('scan walks every record in id order, whatever the batch', async () => {
    for (const limit of [1, 5, 13, 100]) {
      const seen: Id[] = []
      let after: Id | null = null
      do {
        const { images, next } = await stores[origin].reader.scan(Vessel, { after, limit })
        expect(images.length).toBeLessThanOrEqual(limit)
        seen.push(...images.map(({ id }) => id))
        after = next
      } while (after !== null)
      expect(seen).toEqual(vesselNames.map(vesselId))
    }
  })

  test('scan carries what the mapping does not name, with its exact types', async () => {
    const { images } = await stores[origin].reader.scan(Vessel, { after: null, limit: 100 })
    expect(images.map(({ rest }) => rest).filter((rest) => rest !== null)).toEqual([
      {
        hull: 'steel',
        meta: { note: 'kept', depth: { $numberLong: '9007199254740993' } },
        engine: { serial: 'X-1' },
      },
      { meta: 'none' },
      { meta: [{ lastSeen: { $date: { $numberLong: '641565000123' } } }] },
    ])
  })
})
