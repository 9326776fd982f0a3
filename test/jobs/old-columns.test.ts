import { defineEntity, embed, int, list, text } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contentDifferences } from '../../src/compare/content.ts'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { allFields } from '../../src/entity/field-set.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { putImages } from '../../src/jobs/put-images.ts'
import { recordInBoth } from '../../src/jobs/record-in-both.ts'
import { examine, repair } from '../../src/jobs/repair.ts'
import { isClean, verify } from '../../src/jobs/verify.ts'
import { keptConflicts } from '../../src/mirror/kept-conflicts.ts'
import { planPatch } from '../../src/query/patch.ts'
import { directions } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const place = { mongo: 'films', postgres: 'films', id: int() } as const
const Film = defineEntity('Film', {
  ...place,
  fields: {
    title: text(),
    rating: int(),
    imdb: embed({ id: int(), score: int() }),
    cast: list(embed({ name: text(), age: int() })),
    crew: list(embed({ name: text(), job: text() })).childTable('film_crew'),
  },
})
/** The mapping of an earlier app. */
const Earlier = defineEntity('Film', {
  ...place,
  fields: {
    title: text(),
    imdb: embed({ id: int() }),
    cast: list(embed({ name: text() })),
    crew: list(embed({ name: text() })).childTable('film_crew'),
  },
})

const documents = [
  {
    _id: 1,
    title: 'A',
    rating: 1,
    imdb: { id: 1, score: 8, url: 'u' },
    cast: [{ name: 'Ann', age: 30, hat: true }],
    crew: [{ name: 'Cid', job: 'cook' }],
    other: { deep: 1 },
  },
  { _id: 2, title: 'B', rating: 2, other: 5 }, // its rating is what the column has, also where it is kept twice
  { _id: 3, title: 'C', rating: 'low' }, // no column can hold that
]
const paths = ['cast.age', 'crew.job', 'imdb.score', 'rating']

describe.each(directions)('Columns that an earlier app left old, authority $from', ({ from }) => {
  let stores: TestStores
  const look = () => verify({ stores, entity: Film, recheckMs: [5] })
  const asked = () => ({ stores, entity: Film, ids: [1, 2, 3], recheckMs: [5] })
  const rows = () =>
    stores.postgres.connection.run(
      sql`select f.id, f.rating, f.imdb_score, f.rest, c.job, c.rest as crew_rest, f._cf_counter as counter
          from films f left join film_crew c on c.parent_id = f.id order by f.id`,
    )

  /** An earlier app's gateway changes each title, behind a change of what it does not map, and mirrors it. */
  async function writeByEarlier(title: string, rating: number): Promise<void> {
    const changed = { rating, 'imdb.score': rating, 'cast.0.age': rating, 'crew.0.job': `job ${rating}` }
    await stores.mongo.connection.collection(Film).updateOne({ _id: 1 as never }, { $set: changed })
    for (const { _id } of documents) {
      const image = await stores.mongo.authority.patch(Earlier, _id, planPatch(Earlier, { title }), {
        epoch: 1,
        owed: false,
      })
      await stores.postgres.replica.bulkPut(Earlier, [image!], anyEpoch)
    }
  }

  beforeAll(async () => {
    stores = await openStores([Film])
    await prepareFlags(ledgersOf(stores), ['Film'])
    await stores.mongo.connection.collection(Film).insertMany(documents as never[])
    const move = { ledgers: ledgersOf(stores), sweep: async () => 0, log: () => undefined }
    const set = (stage: 'dualwrite' | 'live') => setStage(move, { type: 'Film', stage, noOtherWriters: true })
    await set('dualwrite')
    await backfill({ stores, entity: Film })
    expect(isClean(await look())).toBe(true)
    await writeByEarlier('D', 9)
    if (from === 'postgres') await set('live')
  })
  afterAll(() => stores.close())

  test('verify counts the record at these paths, and says that its columns are old', async () => {
    const found = await look()
    expect(found).toMatchObject({ authority: from, compared: 3, undecided: 0, oldColumns: 1 })
    expect(found.different).toEqual({ missing: 0, extra: 0, content: 1, version: 0 })
    expect(found.groups).toMatchObject([{ kind: 'content', count: 1 }])
    expect(found.groups[0]!.paths.toSorted()).toEqual(paths)
  })

  test('the record as both stores have it shows what the columns have', async () => {
    const { fields, others } = await recordInBoth(stores, Film, 1)
    expect(fields.find(({ path }) => path === 'rating')).toEqual({
      path: 'rating',
      mongo: 9,
      postgres: 1,
      differs: true,
    })
    expect(others).toEqual([])
  })

  test('what a repair would do shows the column against the value', async () => {
    const { unequal } = await examine(asked())
    const [mongo, postgres] =
      from === 'mongo' ? (['control', 'candidate'] as const) : (['candidate', 'control'] as const)
    expect(unequal.map(({ id }) => id)).toEqual([1])
    expect(unequal[0]!.differences).toContainEqual({
      path: 'rating',
      [mongo]: 9,
      [postgres]: 1,
      only: 'column of PostgreSQL',
    })
  })

  test('repair writes the columns and takes the values out of the rest, at the version that the row has', async () => {
    const [before] = await rows()
    expect(before).toMatchObject({ rating: 1, job: null, crew_rest: { job: 'job 9' } })
    const done = await repair(asked(), { by: 'Ann', chosen: 'by id' })
    expect(done).toMatchObject({ put: 1, buried: 0, left: [], undecided: [], keptOut: [] })
    const [row, same] = await rows()
    const { counter } = before as { counter: string }
    expect(row).toMatchObject({ rating: 9, imdb_score: 9, job: 'job 9', crew_rest: null, counter })
    expect(row).toHaveProperty('rest', { imdb: { url: 'u' }, other: { deep: { $numberInt: '1' } } })
    expect(same).toMatchObject({ rating: 2 })
    expect(await keptConflicts(stores, Film)).toEqual([])
    expect(await look()).toMatchObject({ oldColumns: 0, different: { content: 0, version: 0 } })
  })
})

test('what the records differ in is told once, and not as a column', () => {
  const record = { id: 1, title: 'A', rating: 9, imdb: null, cast: null, crew: null }
  const columns = { ...record, title: 'B', rating: 1 }
  expect(contentDifferences(allFields(Film), { record: { ...record, rating: 5 } }, { record, columns })).toEqual([
    { path: 'rating', control: 5, candidate: 9 },
    { path: 'title', control: 'A', candidate: 'B', only: 'column of PostgreSQL' },
  ])
})

test('a copy writes them, too, where it meets such a row behind its beginning', async () => {
  const stores = await openStores([Film])
  try {
    const { mongo, postgres } = stores
    await mongo.connection.collection(Film).insertOne({ _id: 1, rating: 9 } as never)
    const images = await mongo.outbox.images(Film, [1])
    const [earlier] = await mongo.outbox.images(Earlier, [1])
    await postgres.replica.bulkPut(Earlier, [earlier!], anyEpoch)
    expect((await postgres.outbox.images(Film, [1]))[0]).toMatchObject({ columns: { rating: null } })
    expect(await putImages({ stores, entity: Film }, 'mongo', anyEpoch, images)).toMatchObject({ copied: 0, mended: 1 })
    const [image] = await postgres.outbox.images(Film, [1])
    expect(image).toMatchObject({ record: { rating: 9 }, rest: null })
    expect(image).not.toHaveProperty('columns')
  } finally {
    await stores.close()
  }
})
