import { boolean, defineEntity, int, list, text } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { flagJson, initialFlag } from '../../src/control/flag.ts'
import type { Entity, Rec } from '../../src/entity/entity.ts'
import { allFields } from '../../src/entity/field-set.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { missingIndexes } from '../../src/evidence/index-parity.ts'
import { sweep } from '../../src/mirror/sweep.ts'
import { planPatch } from '../../src/query/patch.ts'
import { everything } from '../../src/query/where.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { entityDiagram } from '../../src/stores/postgres/erd.ts'
import { rowsOfNoType } from '../../src/stores/postgres/of-no-type.ts'
import { schemaDrift } from '../../src/stores/postgres/schema-diff.ts'
import { postgresSide } from '../../src/stores/postgres/side.ts'
import type { Image } from '../../src/stores/store.ts'
import type { Version } from '../../src/stores/version.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { type OtherWriter, openOtherWriter } from '../support/other-writer.ts'
import { changeUnseen, emptyStores, openStores, type TestStores } from '../support/stores.ts'

const shared = { mongo: 'animals', postgres: 'animals', id: text() } as const
const Cat = defineEntity('Cat', {
  ...shared,
  where: { kind: 'cat' },
  fields: { kind: text().index(), name: text().index(), lives: int(), toys: list(text()).childTable('cat_toys') },
})
const Dog = defineEntity('Dog', {
  ...shared,
  where: { kind: 'dog' },
  fields: { kind: text(), name: text().index(), owner: text(), tricks: list(text()).childTable('dog_tricks') },
})
/** Points at both. */
const Bowl = defineEntity('Bowl', {
  mongo: 'bowls',
  postgres: 'bowls',
  id: text(),
  fields: { cat: text().references('Cat') },
})
const entities: readonly Entity[] = [Cat, Dog]

let stores: TestStores
let clerk: OtherWriter
beforeAll(async () => {
  stores = await openStores([...entities, Bowl])
  clerk = await openOtherWriter(stores, ['animals', 'cat_toys', 'dog_tricks'])
})
beforeEach(async () => {
  await clerk.run('rollback')
  await emptyStores(stores)
})
afterAll(async () => {
  await clerk?.close()
  await stores?.close()
})

const stamp = { epoch: 1, owed: true } as const
const cat = (id: string, values: Readonly<Record<string, unknown>> = {}): Rec => newRecord(Cat, id, values)
const dog = (id: string, values: Readonly<Record<string, unknown>> = {}): Rec => newRecord(Dog, id, values)
const image = (record: Rec, counter = 5): Image => ({
  id: record.id,
  version: { epoch: 1, counter },
  pending: false,
  record,
  rest: null,
  issues: [],
})
const grave = (id: string, counter: number): Image => ({ ...image(cat(id), counter), record: null })

const sweeping = () => ({
  stores,
  owner: 't',
  under: anyEpoch,
  olderThanMs: 0,
  impatient: true,
  log: () => undefined,
})

const flagOf = async (type: string, stage: Stage): Promise<void> => {
  const { ledger } = stores.postgres
  const { revision = null } = (await ledger.get('flag', type)) ?? {}
  await ledger.compareAndSet('flag', type, revision, flagJson({ ...initialFlag(type), stage, epoch: 3 }))
}

const rows = async (): Promise<unknown[]> => [
  ...(await stores.postgres.connection.run(sql`select id, kind, name, lives, owner from animals order by id`)),
]
const all = async (entity: Entity): Promise<unknown[]> =>
  (await stores.postgres.reader.scan(entity, { after: null, limit: 100 })).images.map(({ record }) => record)

const tom = { id: 'a', kind: 'cat', name: 'Tom', lives: 9, toys: ['ball', 'mouse'] }
const rex = { id: 'b', kind: 'dog', name: 'Rex', owner: 'Ann', tricks: ['sit'] }

/** A cat and a dog, as a copy has put them. */
async function both(): Promise<void> {
  const { replica } = stores.postgres
  expect(await replica.bulkPut(Cat, [image(tom)], anyEpoch, true)).toEqual([{ put: 'applied' }])
  expect(await replica.bulkPut(Dog, [image(rex)], anyEpoch)).toEqual([{ put: 'applied' }])
}

describe('The table of two types', () => {
  test('has the columns, indexes and triggers of both, and fits each of them', async () => {
    const { connection } = stores.postgres
    const columns = await connection.run<{ name: string; type: string; never: boolean }>(
      sql`select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as never
          from pg_attribute where attrelid = 'animals'::regclass and attnum > 0 order by attnum`,
    )
    expect(columns.map(({ name, type, never }) => `${name} ${type}${never ? ' not null' : ''}`)).toEqual([
      'id text not null',
      'kind text',
      'name text',
      'lives integer',
      'toys_count integer',
      'rest jsonb',
      '_cf_epoch bigint not null',
      '_cf_counter bigint not null',
      'owner text',
      'tricks_count integer',
    ])
    const indexes = await connection.run<{ name: string }>(
      sql`select indexname as name from pg_indexes where tablename = 'animals' order by 1`,
    )
    expect(indexes.map(({ name }) => name)).toEqual(['animals_kind_idx', 'animals_name_idx', 'animals_pkey'])
    for (const some of [entities, [Cat], [Dog]]) expect(await schemaDrift(connection, some)).toEqual([])
  })

  test('gets a column of one type, and its triggers, where it is there already', async () => {
    const { connection } = stores.postgres
    await changeUnseen(
      stores,
      sql`alter table animals drop column owner`,
      sql`drop trigger "crossfade_note_Dog" on animals`,
      sql`create trigger crossfade_note after update on animals for each row execute function crossfade.note('Dog')`,
    )
    const drift = await schemaDrift(connection, entities)
    expect(drift.map(({ table, problem }) => `${table}: ${problem}`)).toEqual([
      'animals: column owner is missing',
      'animals: trigger crossfade_note_Dog is missing: what other programs change there is not mirrored',
      'animals: trigger crossfade_note is of an earlier mapping of Dog',
    ])
    for (const { statement } of drift) await connection.run(sql.raw(statement!))
    expect(await schemaDrift(connection, entities)).toEqual([])
  })

  test('is served by an index that begins with what tells the types apart', async () => {
    const { connection } = stores.postgres
    const index = { kind: 1, owner: 1 } as const
    await stores.mongo.connection.db.collection('animals').createIndex(index, { name: 'owners' })
    const missing = async () => (await missingIndexes(stores, Dog, [])).map(({ statement }) => statement)
    expect(await missing()).toEqual([
      'create index concurrently "animals_owner_id_idx" on "animals" ("owner" nulls first, "id");',
    ])
    await connection.run(sql`create index owners on animals (lives, kind, owner)`)
    expect(await missing()).toHaveLength(1)
    await connection.run(sql`create index dogs_owners on animals (kind, owner)`)
    expect(await missing()).toEqual([])
    await connection.run(sql`drop index owners, dogs_owners`)
  })

  test('is drawn once', () => {
    const diagram = entityDiagram([...entities, Bowl], new Map())
    expect(diagram.match(/^ {2}\w+\[/gm)).toEqual(['  animals[', '  cat_toys[', '  dog_tricks[', '  bowls['])
    expect(diagram).toContain('  animals ||--o{ cat_toys : has\n  animals ||--o{ dog_tricks : has\n')
    expect(diagram).toContain('  animals |o--o{ bowls : "cat"\n')
  })
})

describe('Whatever is read of one type', () => {
  beforeEach(both)

  test('is of its own rows', async () => {
    const { reader } = stores.postgres
    const fields = allFields(Cat)
    expect(await all(Cat)).toEqual([tom])
    expect(await all(Dog)).toEqual([rex])
    expect([...(await reader.byIds(Cat, ['a', 'b'], fields)).keys()]).toEqual(['a'])
    const order = [
      { path: 'name', direction: 'asc' as const },
      { path: 'id', direction: 'asc' as const },
    ]
    const page = await reader.query(Cat, { where: everything, order, limit: 10, fields })
    expect(page.map(({ record }) => record)).toEqual([tom])
    const ranges = [everything, everything]
    const merged = await reader.query(Cat, { where: everything, ranges, order, limit: 10, fields })
    expect(merged.map(({ record }) => record.id)).toEqual(['a', 'a'])
    const per = await reader.queryPer(Dog, {
      path: 'name',
      values: ['Tom', 'Rex'],
      where: everything,
      order,
      limit: 10,
      fields: allFields(Dog),
    })
    expect([...per.keys()]).toEqual(['Rex'])
    expect(await reader.count(Cat, everything)).toBe(1)
    expect(await reader.countPer(Cat, 'name', ['Tom', 'Rex'], everything)).toEqual(new Map([['Tom', 1]]))
    expect(await reader.ids(Cat, { after: null, upTo: null }, 10, [])).toEqual(['a'])
  })

  test('is so by hand, in samples and in notes', async () => {
    const { connection, outbox, authority } = stores.postgres
    const side = postgresSide(connection)
    expect(await side.run(side.sql`select t.id from ${side.from(Dog)} order by t.id`)).toEqual([{ id: 'b' }])
    expect((await outbox.images(Cat, ['a', 'b'])).map(({ id }) => id)).toEqual(['a'])
    await authority.owe(Cat, ['a', 'b'])
    expect(await outbox.owed(Cat, 0, 10)).toEqual(['a'])
    for (const entity of entities) {
      const spread = await stores.postgres.spread(entity, 5, 5)
      expect(spread).toEqual([{ after: null, upTo: null }]) // it has one record, and behind that there is none
    }
  })

  test('is cut into ranges by its own ids', async () => {
    await changeUnseen(
      stores,
      sql`insert into animals (id, kind) select 'c' || n, 'cat' from generate_series(100, 999) n`,
      sql`insert into animals (id, kind) select 'd' || n, 'dog' from generate_series(100, 109) n`,
    )
    const cuts = async (entity: Entity) => (await stores.postgres.cuts(entity, 4, 4)).map((id) => String(id)[0])
    expect(await cuts(Cat)).toEqual(['c', 'c', 'c'])
    for (const first of await cuts(Dog)) expect(first).toBe('d')
  })

  test('leaves out rows of no type, which are told', async () => {
    const { connection } = stores.postgres
    expect(await rowsOfNoType(connection, entities)).toEqual([])
    await changeUnseen(stores, sql`insert into animals (id, kind) values ('x', 'cow'), ('y', null)`)
    expect(await rowsOfNoType(connection, entities)).toEqual([
      'The table animals holds 2 rows that are no Cat, Dog by the `where` of the mapping: nobody reads them.',
    ])
    expect(await rowsOfNoType(connection, [Cat])).toHaveLength(1)
    const elsewhere = { ...Cat, postgres: 'nowhere' }
    expect(await rowsOfNoType(connection, [elsewhere, Bowl])).toEqual([])
  })

  test('is found by the indexes of the table', async () => {
    const plan = await stores.postgres.connection.transaction(async (tx) => {
      await tx.run(sql`set local enable_seqscan = off`)
      const side = postgresSide(stores.postgres.connection)
      return tx.run<{ 'QUERY PLAN': string }>(
        sql`explain (costs off) select t.id from ${side.from(Dog)} where t.name = 'Rex' order by t.name, t.id limit 5`,
      )
    })
    const text = plan.map((row) => row['QUERY PLAN']).join('\n')
    expect(text).toContain('animals_name_idx')
    expect(text).not.toContain('Subquery Scan')
  })
})

describe('What is written of one type', () => {
  beforeEach(both)
  const untouched = async (): Promise<void> => {
    expect(await all(Dog)).toEqual([rex])
    expect(await stores.postgres.outbox.backlog(Dog)).toMatchObject({ count: 0 })
  }

  test('is not the record of another one, whose id a client names', async () => {
    const { authority } = stores.postgres
    await flagOf('Cat', 'live')
    const patch = planPatch(Cat, { name: 'x', toys: ['x'] })
    expect(await authority.patch(Cat, 'b', planPatch(Cat, { name: 'x' }), { ...stamp, epoch: 3 })).toBeNull()
    expect(await authority.patch(Cat, 'b', patch, { ...stamp, epoch: 3 })).toBeNull()
    expect(await authority.delete(Cat, 'b', { ...stamp, epoch: 3 })).toBeNull()
    const taken = { code: 'CONFLICT', fields: ['id'] }
    await expect(authority.create(Cat, cat('b'), { ...stamp, epoch: 3 })).rejects.toMatchObject(taken)
    await expect(authority.create(Cat, cat('a'), { ...stamp, epoch: 3 })).rejects.toMatchObject(taken)
    expect(await authority.restamp(Cat, 'b', { epoch: 1, counter: 5 }, { epoch: 1, counter: 5 })).toBe(false)
    await untouched()
    expect((await authority.patch(Cat, 'a', patch, { ...stamp, epoch: 3 }))?.record).toEqual({
      ...tom,
      name: 'x',
      toys: ['x'],
    })
  })

  const taken = { put: 'refused', reason: 'a row of another type in its table has its id' }
  test.each([false, true])('is refused where a row of another one has the id (all new: %j)', async (areNew) => {
    const { replica } = stores.postgres
    const [first, second] = [image(cat('b', { name: 'Tim', toys: ['x'] }), 9), image(cat('c'), 9)]
    expect(await replica.bulkPut(Cat, [first, second], anyEpoch, areNew)).toEqual([taken, { put: 'applied' }])
    await untouched()
    expect(await stores.postgres.connection.run(sql`select from cat_toys where parent_id = 'b'`)).toEqual([])
  })

  test('is removed alone, whatever version another’s row has', async () => {
    const { replica, authority } = stores.postgres
    expect(await replica.bulkPut(Cat, [grave('b', 99)], anyEpoch)).toEqual([{ put: 'applied' }])
    expect(await authority.bury(Cat, [grave('b', 100)], anyEpoch)).toBe(true)
    await untouched()
    expect(await stores.postgres.outbox.buriedAt(Cat, 'b')).toEqual({ epoch: 1, counter: 100 })
  })

  test('takes the place of another one behind its end, and not before', async () => {
    const { replica } = stores.postgres
    const turned = image(dog('a', { name: 'Tom' }), 7)
    expect(await replica.bulkPut(Dog, [turned], anyEpoch)).toEqual([{ ...taken }])
    expect(await replica.bulkPut(Cat, [grave('a', 7)], anyEpoch)).toEqual([{ put: 'applied' }])
    expect(await replica.bulkPut(Dog, [turned], anyEpoch)).toEqual([{ put: 'applied' }])
    // What was under way of the first one is late
    expect(await replica.bulkPut(Cat, [image(tom, 6)], anyEpoch)).toEqual([taken])
    expect(await replica.bulkPut(Cat, [grave('a', 8)], anyEpoch)).toEqual([{ put: 'applied' }])
    expect(await rows()).toEqual([
      { id: 'a', kind: 'dog', name: 'Tom', lives: null, owner: null },
      { id: 'b', kind: 'dog', name: 'Rex', lives: null, owner: 'Ann' },
    ])
    expect(await stores.postgres.connection.run(sql`select from cat_toys`)).toEqual([])
  })

  test('refers to records of the type that it names', async () => {
    const bowl = (id: string, of: string) => image(newRecord(Bowl, id, { cat: of }))
    await stores.postgres.replica.bulkPut(Bowl, [bowl('1', 'a'), bowl('2', 'b')], anyEpoch)
    await stores.postgres.dataIssues.findDangling(Bowl, new Map([['Cat', Cat]]))
    expect(await stores.postgres.dataIssues.counts(Bowl)).toMatchObject([{ path: 'cat', count: 1, ids: ['2'] }])
  })
})

describe('Who changes the table and is no gateway', () => {
  beforeEach(async () => {
    await both()
    await flagOf('Cat', 'live')
    await flagOf('Dog', 'live')
  })
  const owed = async (): Promise<unknown> => ({
    cats: await stores.postgres.outbox.owed(Cat, 0, 10),
    dogs: await stores.postgres.outbox.owed(Dog, 0, 10),
  })
  const versionOf = async (entity: Entity, id: string): Promise<Version | undefined> =>
    (await stores.postgres.outbox.images(entity, [id]))[0]?.version

  test('is noted under the type of each row', async () => {
    await clerk.run(`update animals set name = 'x' where kind = 'dog'`)
    expect(await owed()).toEqual({ cats: [], dogs: ['b'] })
    expect(await versionOf(Dog, 'b')).toEqual({ epoch: 3, counter: 6 })
    expect(await versionOf(Cat, 'a')).toEqual({ epoch: 1, counter: 5 })
    await clerk.run(`insert into cat_toys (parent_id, position, value) values ('a', 2, 'rope')`)
    expect(await owed()).toEqual({ cats: ['a'], dogs: ['b'] })
    await clerk.run(`delete from animals`)
    expect(await stores.postgres.outbox.images(Cat, ['a', 'b'])).toMatchObject([{ id: 'a', record: null }])
    expect(await stores.postgres.outbox.images(Dog, ['a', 'b'])).toMatchObject([{ id: 'b', record: null }])
    await clerk.run(`insert into animals (id, kind) values ('b', 'cat'), ('c', 'cow')`)
    expect(await owed()).toEqual({ cats: ['a', 'b'], dogs: ['b'] })
  })

  test('may turn a row into one of the other type: the end of one record, and the beginning of another', async () => {
    await clerk.run(`update animals set kind = 'dog' where id = 'a'`)
    expect(await owed()).toEqual({ cats: ['a'], dogs: ['a'] })
    expect(await stores.postgres.outbox.images(Cat, ['a'])).toMatchObject([
      { id: 'a', record: null, version: { epoch: 3, counter: 6 } },
    ])
    expect(await stores.postgres.outbox.images(Dog, ['a'])).toMatchObject([
      { id: 'a', record: { kind: 'dog', name: 'Tom', owner: null }, version: { epoch: 3 } },
    ])
  })

  test.each<[string, readonly Entity[]]>([
    ['the end first', [Cat, Dog]],
    ['the beginning first, which waits', [Dog, Cat, Dog]],
  ])('and the document turns as well, whichever is mirrored first: %s', async (_, order) => {
    const documents = stores.mongo.connection.db.collection<{ _id: string }>('animals')
    for (const [entity, record] of [
      [Cat, tom],
      [Dog, rex],
    ] as const)
      await stores.mongo.replica.bulkPut(entity, [image(record)], anyEpoch)
    await clerk.run(`update animals set kind = 'dog', owner = 'Bob' where id = 'a'`)
    for (const entity of order) await sweep(sweeping(), entity, 'postgres')
    expect(await owed()).toEqual({ cats: [], dogs: [] })
    expect(await documents.findOne({ _id: 'a' })).toMatchObject({ kind: 'dog', name: 'Tom', owner: 'Bob' })
    expect(await documents.countDocuments({})).toBe(2)
  })

  test('may turn it into one of no type, which is nobody’s', async () => {
    await clerk.run(`update animals set kind = 'cow' where id = 'a'`)
    await clerk.run(`update animals set name = 'Bess' where id = 'a'`)
    expect(await owed()).toEqual({ cats: ['a'], dogs: [] })
    expect(await stores.postgres.outbox.images(Cat, ['a'])).toMatchObject([{ id: 'a', record: null }])
  })

  const lost = { code: 'CF005' }
  test('is refused where MongoDB has the records of a row’s type, and there alone', async () => {
    await flagOf('Dog', 'shadow')
    await clerk.run(`update animals set name = 'x' where id = 'a'`)
    await expect(clerk.run(`update animals set name = 'x' where id = 'b'`)).rejects.toMatchObject(lost)
    await expect(clerk.run(`delete from animals where id = 'b'`)).rejects.toMatchObject(lost)
    await expect(clerk.run(`insert into animals (id, kind) values ('c', 'dog')`)).rejects.toMatchObject(lost)
    expect(await owed()).toEqual({ cats: ['a'], dogs: [] })
  })

  test.each<Stage>(['shadow', 'off'])('is refused where one of both types is of MongoDB: %s', async (stage) => {
    await flagOf('Dog', stage)
    await expect(clerk.run(`update animals set kind = 'dog' where id = 'a'`)).rejects.toMatchObject(lost)
    await expect(clerk.run(`update animals set kind = 'cat' where id = 'b'`)).rejects.toMatchObject(lost)
    expect(await owed()).toEqual({ cats: [], dogs: [] })
  })

  test('is refused where he empties it', async () => {
    await flagOf('Dog', 'off')
    await expect(clerk.run('truncate animals cascade')).rejects.toMatchObject({ code: 'CF007' })
  })
})

describe('Types that are told apart', () => {
  const odd = { mongo: 'odd', postgres: 'the "odd" ones', id: text() } as const
  const kind = text().column('o\'k "%I" $1')
  const make = (name: string, where: Readonly<Record<string, string | number | boolean>>) =>
    defineEntity(name, {
      ...odd,
      where,
      fields: { kind, draft: boolean(), level: int(), note: text() },
    })
  const One = make('One', { kind: 'it\'s \\ 100% "$1"', draft: false })
  const Two = make('Two', { kind: 'it\'s \\ 100% "$1"', draft: true, level: -1 })
  const Three = make('Three', { kind: '', level: 0 })
  const types: readonly Entity[] = [One, Two, Three]

  test('by odd texts, booleans and numbers in columns of odd names, are so for everybody', async () => {
    const own = await openStores(types)
    const { connection, replica, reader, outbox, ledger } = own.postgres
    let other: OtherWriter | undefined
    try {
      expect(await schemaDrift(connection, types)).toEqual([])
      for (const [n, entity] of types.entries())
        await replica.bulkPut(entity, [image(newRecord(entity, String(n), { note: 'x' }))], anyEpoch)
      for (const [n, entity] of types.entries()) {
        const { images } = await reader.scan(entity, { after: null, limit: 10 })
        expect(images.map(({ id }) => id)).toEqual([String(n)])
        await ledger.compareAndSet('flag', entity.name, null, flagJson({ ...initialFlag(entity.name), stage: 'live' }))
      }
      other = await openOtherWriter(own, ['"the ""odd"" ones"'])
      await other.run(`update "the ""odd"" ones" set note = 'y' where draft or level = 0`)
      await other.run(`update "the ""odd"" ones" set draft = null where id = '0'`)
      const owed = await Promise.all(types.map((entity) => outbox.owed(entity, 0, 10)))
      expect(owed).toEqual([['0'], ['1'], ['2']])
      const left = await Promise.all(types.map((entity) => reader.count(entity, everything)))
      expect(left).toEqual([0, 1, 1])
    } finally {
      await other?.close()
      await own.close()
    }
  })
})
