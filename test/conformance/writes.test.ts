import { createHash } from 'node:crypto'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Id } from '../../src/entity/entity.ts'
import { append, increment } from '../../src/query/operations.ts'
import { planPatch } from '../../src/query/patch.ts'
import { everything, nothing, type Where } from '../../src/query/where.ts'
import { encodeId } from '../../src/stores/mongo/codec/encode.ts'
import type { Image } from '../../src/stores/store.ts'
import { newObjectId } from '../../src/util/object-id.ts'
import { Account, account, newId, openAccounts } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { insertRaw, rawDocument } from '../support/dirty.ts'
import { openStores, type TestStores } from '../support/stores.ts'
import { Vessel } from './vessel.ts'

let stores: TestStores
let fleet: TestStores

beforeAll(async () => {
  stores = await openAccounts()
  fleet = await openStores([Vessel])
})

afterAll(async () => {
  await stores.close()
  await fleet.close()
})

const free = { epoch: 1, owed: false } as const
const owed = { epoch: 1, owed: true } as const

describe.each(['mongo', 'postgres'] as const)('Writes in %s', (origin) => {
  const authority = (): TestStores['mongo']['authority'] => stores[origin].authority

  async function stored(id: Id): Promise<Image | undefined> {
    return (await stores[origin].outbox.images(Account, [id]))[0]
  }

  test('a new record is read as it was given, at the clock', async () => {
    const id = newId()
    const began = Date.now()
    const record = account(id, { visits: 3, tags: ['b', 'a', 'b'], address: {} })
    const image = await authority().create(Account, record, owed)
    expect(image.record).toEqual({
      id,
      email: `${id}@example.org`,
      visits: 3,
      tags: ['b', 'a', 'b'],
      address: { city: null },
    })
    expect(image.version.epoch).toBe(1)
    // The store's clock, which is not ours, and is known to half a round trip
    expect(Math.abs(image.version.counter - began)).toBeLessThan(60_000)
    expect(await stored(id)).toMatchObject({ record: image.record, version: image.version, pending: true })
  })

  test('each write counts one up and stamps the epoch', async () => {
    const id = newId()
    const { version } = await authority().create(Account, account(id), free)
    const first = await authority().patch(Account, id, planPatch(Account, { visits: 1 }), free)
    expect(first?.version).toEqual({ epoch: 1, counter: version.counter + 1 })
    const second = await authority().patch(Account, id, planPatch(Account, { tags: append('a') }), {
      epoch: 4,
      owed: false,
    })
    expect(second?.version).toEqual({ epoch: 4, counter: version.counter + 2 })
    const gone = await authority().delete(Account, id, { epoch: 5, owed: true })
    expect(gone).toEqual({
      id,
      version: { epoch: 5, counter: version.counter + 3 },
      pending: true,
      record: null,
      rest: null,
      issues: [],
    })
  })

  test('a deleted record is nowhere, and can be deleted only once', async () => {
    const id = newId()
    await authority().create(Account, account(id), owed)
    const before = await stores[origin].reader.count(Account, everything)
    await authority().delete(Account, id, owed)
    expect(await stores[origin].reader.count(Account, everything)).toBe(before - 1)
    expect(await authority().delete(Account, id, owed)).toBeNull()
    expect(await authority().patch(Account, id, planPatch(Account, { visits: 1 }), owed)).toBeNull()
  })

  test('a delete that owes nothing leaves nothing behind', async () => {
    const id = newId()
    await authority().create(Account, account(id), free)
    await authority().delete(Account, id, free)
    const { count } = await stores[origin].outbox.backlog(Account)
    expect((await stores[origin].outbox.owed(Account, 0, 1_000)).includes(id)).toBe(false)
    expect(count).toBe((await stores[origin].outbox.owed(Account, 0, 1_000)).length)
  })

  test('what does not exist is not changed', async () => {
    expect(await authority().patch(Account, 'nobody', planPatch(Account, { visits: 1 }), owed)).toBeNull()
    expect(await authority().delete(Account, 'nobody', owed)).toBeNull()
  })

  test('compare-and-set changes the version it names and no other', async () => {
    const id = newId()
    const { version } = await authority().create(Account, account(id), free)
    const patch = planPatch(Account, { visits: 1 })
    const wrong = [
      { ...version, counter: version.counter - 1 },
      { ...version, epoch: 0 },
      { epoch: 0, counter: 0 },
    ]
    for (const each of wrong) expect(await authority().patch(Account, id, patch, free, { at: each })).toBeNull()
    expect((await stored(id))?.version).toEqual(version)
    expect((await authority().patch(Account, id, patch, free, { at: version }))?.record?.['visits']).toBe(1)
    expect(await authority().patch(Account, id, patch, free, { at: version })).toBeNull()
  })

  test('compare-and-set knows a record that was never written through the gateway', async () => {
    const id = await insertRaw(fleet, Vessel, { name: 'Raw' })
    const patch = planPatch(Vessel, { crew: increment(1) })
    const unversioned = { epoch: 0, counter: 0 }
    expect((await fleet[origin].authority.patch(Vessel, id, patch, free, { at: unversioned }))?.record?.['crew']).toBe(
      1,
    )
    expect(await fleet[origin].authority.patch(Vessel, id, patch, free, { at: unversioned })).toBeNull()
  })

  describe('a condition is judged by what readers see', () => {
    const dirty = {
      name: 'Dirty',
      built: '1995è',
      crew: '',
      flags: ['', 'x'],
      ports: ['a', 'b'],
      engine: { power: 5 },
    }
    const eq = (path: string, value: unknown): Where => ({ op: 'eq', path, value })
    const not = (of: Where): Where => ({ op: 'not', of })
    const crewed: Where = { op: 'gte', path: 'crew', value: 0 }
    const met: readonly Where[] = [
      everything,
      eq('built', 1995),
      eq('crew', null),
      not(crewed),
      { op: 'has', path: 'flags', values: ['x'], need: 'some' },
      { op: 'has', path: 'ports', values: ['b', 'a'], need: 'every' },
      { op: 'and', of: [{ op: 'in', path: 'name', values: ['Clean', 'Dirty'] }, eq('engine.power', 5)] },
      { op: 'or', of: [crewed, { op: 'startsWith', path: 'name', value: 'dIR', insensitive: true }] },
    ]
    const unmet: readonly Where[] = [
      nothing,
      eq('built', 1996),
      crewed,
      not(eq('built', 1995)),
      { op: 'lt', path: 'crew', value: 9 },
      { op: 'isEmpty', path: 'flags', value: true },
      { op: 'has', path: 'ports', values: ['a', 'z'], need: 'every' },
      { op: 'or', of: [eq('name', 'dirty'), not(eq('crew', null))] },
    ]
    const captain = planPatch(Vessel, { captain: 'Ann', ports: append('c') })
    const tried = (id: Id, when: Where): Promise<Image | null> =>
      fleet[origin].authority.patch(Vessel, id, captain, free, { when })

    test.each(met.map((when) => [JSON.stringify(when), when] as const))('%s is met', async (_, when) => {
      const id = await insertRaw(fleet, Vessel, dirty)
      expect((await tried(id, when))?.record).toMatchObject({ captain: 'Ann', ports: ['a', 'b', 'c'], built: 1995 })
    })

    test.each(unmet.map((when) => [JSON.stringify(when), when] as const))('%s is not', async (_, when) => {
      const id = await insertRaw(fleet, Vessel, dirty)
      const before = await fleet[origin].outbox.images(Vessel, [id])
      expect(await tried(id, when)).toBeNull()
      expect(await fleet[origin].outbox.images(Vessel, [id])).toEqual(before)
    })

    test('and no record meets it that is not there, nor one at another version', async () => {
      expect(await tried(newObjectId(), everything)).toBeNull()
      const id = await insertRaw(fleet, Vessel, dirty)
      const { version } = (await fleet[origin].outbox.images(Vessel, [id]))[0]!
      const at = { ...version, counter: version.counter + 1 }
      expect(await fleet[origin].authority.patch(Vessel, id, captain, free, { at, when: everything })).toBeNull()
      expect(
        await fleet[origin].authority.patch(Vessel, id, captain, free, { at: version, when: everything }),
      ).not.toBeNull()
    })
  })

  test('an id that is taken is a conflict', async () => {
    const id = newId()
    await authority().create(Account, account(id), free)
    const again = account(id, { email: `other-${id}@example.org` })
    await expect(authority().create(Account, again, free)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('a unique value that is taken is a conflict, for new records and for changes', async () => {
    const [a, b] = [newId(), newId()]
    await authority().create(Account, account(a), free)
    await authority().create(Account, account(b), free)
    const email = `${a}@example.org`
    await expect(authority().create(Account, account(newId(), { email }), free)).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    const change = authority().patch(Account, b, planPatch(Account, { email, visits: 9 }), free)
    await expect(change).rejects.toMatchObject({ code: 'CONFLICT' })
    expect((await stored(b))?.record).toMatchObject({ email: `${b}@example.org`, visits: null })
  })

  test('a hundred increments at once are all there', async () => {
    const id = newId()
    const { version } = await authority().create(Account, account(id, { visits: 0 }), owed)
    const patch = planPatch(Account, { visits: increment(1) })
    const images = await Promise.all(Array.from({ length: 100 }, () => authority().patch(Account, id, patch, owed)))
    expect((await stored(id))?.record?.['visits']).toBe(100)
    expect((await stored(id))?.version.counter).toBe(version.counter + 100)
    const seen = images.map((image) => image?.record?.['visits'] as number).sort((a, b) => a - b)
    expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  })

  test('unmapped paths stay, at every level', async () => {
    const document = { name: 'A', hull: 'steel', engine: { serial: 'X', fuel: { grade: 5 } }, meta: { note: 'kept' } }
    const id = await insertRaw(fleet, Vessel, document)
    const patch = planPatch(Vessel, { 'engine.fuel.kind': 'gas', seen: new Date(5), name: 'B' })
    const image = await fleet[origin].authority.patch(Vessel, id, patch, owed)
    const rest = {
      hull: 'steel',
      meta: { note: 'kept' },
      engine: { serial: 'X', fuel: { grade: { $numberInt: '5' } } },
    }
    expect(image?.rest).toEqual(rest)
    if (origin === 'mongo') {
      expect(await rawDocument(fleet, Vessel, id)).toEqual({
        name: 'B',
        hull: 'steel',
        engine: { serial: 'X', fuel: { grade: 5, kind: 'gas' } },
        meta: { note: 'kept', lastSeen: new Date(5) },
      })
    }
  })

  test('no object stays unmapped that nothing is left of', async () => {
    const document = { hull: 'steel', engine: { maker: 'M', fuel: { kind: 'oil', grade: 'A' } } }
    const id = await insertRaw(fleet, Vessel, document)
    const image = await fleet[origin].authority.patch(Vessel, id, planPatch(Vessel, { 'engine.fuel': null }), owed)
    expect(image?.record).toMatchObject({ engine: { maker: 'M', fuel: null } })
    expect(image?.rest).toEqual({ hull: 'steel' })
  })

  test('a patch leaves dirty values that it does not name as they are', async () => {
    const id = await insertRaw(fleet, Vessel, { crew: '12', built: '1995è' })
    const image = await fleet[origin].authority.patch(Vessel, id, planPatch(Vessel, { name: 'A' }), owed)
    expect(image?.record).toMatchObject({ name: 'A', crew: null, built: 1995 })
    if (origin === 'mongo') {
      expect(await rawDocument(fleet, Vessel, id)).toEqual({ name: 'A', crew: '12', built: '1995è' })
    }
  })
})

describe('Puts into Mongo', () => {
  /** A change made in Postgres and put into Mongo; the document that it leaves there. */
  async function putBack(document: Document, input: Record<string, unknown>): Promise<Document | null> {
    const id = await insertRaw(fleet, Vessel, document)
    const image = await fleet.postgres.authority.patch(Vessel, id, planPatch(Vessel, input), owed)
    expect(await fleet.mongo.replica.bulkPut(Vessel, [image!], anyEpoch)).toEqual([{ put: 'applied' }])
    const [stored] = await fleet.mongo.outbox.images(Vessel, [id])
    expect(stored).toMatchObject({ version: image!.version, pending: false, record: image!.record })
    return rawDocument(fleet, Vessel, id)
  }

  test('leave alone what already means the same, dirty or not', async () => {
    const dirty = { name: 'A', built: '1995è', crew: '12', callSign: '', flags: ['a', 5], ports: 'Oslo', hull: 'steel' }
    expect(await putBack(dirty, { name: 'B' })).toEqual({ ...dirty, name: 'B' })
  })

  test('write only the paths that differ, under objects that are dirty or missing', async () => {
    expect(await putBack({ engine: 'none' }, { 'engine.fuel.tons': 1.5 })).toEqual({ engine: { fuel: { tons: 1.5 } } })
    expect(await putBack({ engine: [{ power: 1 }] }, { 'engine.power': 2 })).toEqual({ engine: { power: 2 } })
    expect(await putBack({ meta: null }, { seen: new Date(5) })).toEqual({ meta: { lastSeen: new Date(5) } })
    expect(await putBack({ engine: { serial: 'X', fuel: null } }, { 'engine.fuel': {} })).toEqual({
      engine: { serial: 'X', fuel: {} },
    })
  })

  test('set null for what was removed, and keep what the mapping does not name', async () => {
    const document = { engine: { maker: 'M', fuel: {} }, flags: ['a'], ports: ['p'], hull: 'steel' }
    expect(await putBack(document, { engine: null, flags: null, ports: [] })).toEqual({
      engine: null,
      flags: null,
      ports: [],
      hull: 'steel',
    })
  })

  test('keep the types of numbers', async () => {
    const id = await insertRaw(fleet, Vessel, { name: 'A' })
    const image = await fleet.postgres.authority.patch(Vessel, id, planPatch(Vessel, { crew: 6, draught: 6 }), owed)
    await fleet.mongo.replica.bulkPut(Vessel, [image!], anyEpoch)
    const types = { $project: { _id: 0, crew: { $type: '$crew' }, draught: { $type: '$draught' } } }
    const found = await fleet.mongo.connection
      .collection(Vessel)
      .aggregate([{ $match: { name: 'A', crew: 6 } }, types])
      .toArray()
    expect(found).toEqual([{ crew: 'int', draught: 'double' }])
  })

  test('bring back what the mapping does not name where the document is gone', async () => {
    const id = await insertRaw(fleet, Vessel, { hull: 'steel', engine: { serial: 7 }, meta: { note: 'kept' } })
    await fleet.mongo.connection.db
      .collection<{ _id: unknown }>('vessels')
      .deleteMany({ hull: 'steel', 'engine.serial': 7 })
    const image = await fleet.postgres.authority.patch(Vessel, id, planPatch(Vessel, { 'engine.power': 9 }), owed)
    expect(await fleet.mongo.replica.bulkPut(Vessel, [image!], anyEpoch)).toEqual([{ put: 'applied' }])
    expect(await rawDocument(fleet, Vessel, id)).toEqual({
      hull: 'steel',
      engine: { serial: 7, power: 9 },
      meta: { note: 'kept' },
    })
  })

  test.each<[path: string, rest: unknown, left: object]>([
    ['engine', null, {}],
    ['engine.fuel', { engine: { serial: { $numberInt: '7' } } }, { engine: { serial: 7, maker: 'M' } }],
  ])('do not bring back what was in the object %s that became null', async (path, rest, left) => {
    const id = await insertRaw(fleet, Vessel, { engine: { serial: 7, maker: 'M', fuel: { kind: 'oil', grade: 'A' } } })
    const image = await fleet.postgres.authority.patch(Vessel, id, planPatch(Vessel, { [path]: null }), owed)
    expect(image!.rest).toEqual(rest)
    await fleet.mongo.connection.collection(Vessel).deleteOne({ _id: encodeId(Vessel, id) } as Document)
    expect(await fleet.mongo.replica.bulkPut(Vessel, [image!], anyEpoch)).toEqual([{ put: 'applied' }])
    expect(await rawDocument(fleet, Vessel, id)).toEqual(left)
    expect((await fleet.mongo.outbox.images(Vessel, [id]))[0]?.record).toEqual(image!.record)
  })
})

describe('Puts into Postgres', () => {
  test('of a value that is too long for an index are refused, and no other is', async () => {
    const name = Array.from({ length: 500 }, (_, n) => createHash('sha512').update(`${n}`).digest('base64')).join('')
    const ids = [newObjectId(), newObjectId(), newObjectId()]
    const documents = ids.map((id, n) => ({ _id: encodeId(Vessel, id), name: n === 1 ? name : 'short' }))
    await fleet.mongo.connection.collection(Vessel).insertMany(documents as Document[])
    const images = await fleet.mongo.outbox.images(Vessel, ids)
    const byId = images.toSorted((a, b) => ids.indexOf(String(a.id)) - ids.indexOf(String(b.id)))
    const reason = 'a value is too long for an index of PostgreSQL (SQLSTATE 54000)'
    const outcomes = [{ put: 'applied' }, { put: 'refused', reason }, { put: 'applied' }]
    expect(await fleet.postgres.replica.bulkPut(Vessel, byId, anyEpoch)).toEqual(outcomes)
    const patch = planPatch(Vessel, { name })
    await expect(fleet.postgres.authority.patch(Vessel, ids[0]!, patch, owed)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'The record cannot be kept: a value is too long for an index of PostgreSQL (SQLSTATE 54000).',
    })
  })
})
