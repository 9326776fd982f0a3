import { sql } from 'kysely'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { raiseFlag, readFlag } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { inOrder, type Part } from '../../src/jobs/asked-records.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import type { VerifyProgress } from '../../src/jobs/verification.ts'
import { isClean, type Verified, verify } from '../../src/jobs/verify.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { type Origin, origins } from '../../src/util/origin.ts'
import { Account, directions } from '../support/account.ts'
import { Author, firstMade, Paper, paperId, paperValues } from '../support/paper.ts'
import { changeUnseen, openStores, type TestStores } from '../support/stores.ts'

const entities = [Author, Paper, Account]
const count = 200
const recheckMs = [5, 5, 5]
const hex = (n: number): string => n.toString(16).padStart(24, '0')

let stores: TestStores
const ledgers = () => ({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger })
const collection = (name: string) => stores.mongo.connection.db.collection(name)
const look = (part: Part = {}, batch = 20): Promise<Verified> =>
  verify({ stores, entity: Paper, entities, part, batch, recheckMs })

describe.each(directions)('Parts of a type, authority $from', ({ from, to }) => {
  beforeAll(async () => {
    stores = await openStores(entities)
    await prepareFlags(ledgers(), ['Author', 'Paper', 'Account'])
    const authority = { epoch: 0, owed: false }
    for (let n = 0; n < count; n++) {
      const record = newRecord(Paper, paperId(n), { ...paperValues(n), authorId: hex(n % 3) })
      await stores.mongo.authority.create(Paper, record, authority)
    }
    for (let n = 0; n < 3; n++)
      await stores.mongo.authority.create(Author, newRecord(Author, hex(n), { name: `Author ${n}` }), authority)
    const move = { ledgers: ledgers(), sweep: async () => 0, log: () => undefined }
    for (const type of ['Author', 'Paper']) {
      const set = (stage: Stage) => setStage(move, { type, stage, noOtherWriters: true })
      await set('dualwrite')
      await backfill({ stores, entity: type === 'Paper' ? Paper : Author })
      if (from === 'postgres') await set('live')
    }
  })
  afterAll(() => stores.close())

  /** Changes the title of papers in the mirror, as nothing tells of it. */
  async function spoil(...papers: readonly number[]): Promise<void> {
    const ids = papers.map(paperId)
    if (to === 'mongo')
      await collection('papers').updateMany(
        { _id: { $in: ids.map((id) => new ObjectId(id)) } },
        { $set: { title: 'spoilt' } },
      )
    else await changeUnseen(stores, sql`update papers set title = 'spoilt' where id = any(${ids})`)
  }
  async function mend(): Promise<void> {
    for (let n = 0; n < count; n++) {
      if (to === 'mongo')
        await collection('papers').updateOne(
          { _id: new ObjectId(paperId(n)), title: 'spoilt' },
          { $set: { title: `Paper ${n}` } },
        )
    }
    if (to === 'postgres')
      await changeUnseen(stores, sql`update papers set title = 'Paper ' || pages where title = 'spoilt'`)
  }

  test('the whole is kept with its time and mapping, and a part beside it', async () => {
    const whole = await look()
    expect(isClean(whole)).toBe(true)
    expect(whole).toMatchObject({ compared: count, asked: null, mapping: mappingDigest(Paper), duplicates: [] })
    const part = await look({ where: { pages: { lt: 10 } } })
    expect(part).toMatchObject({ compared: 10, asked: { since: null, sample: null }, duplicates: null })
    const [kept, beside] = await Promise.all(
      ['verified', 'verified-part'].map((kind) => stores[from].ledger.get(kind, 'Paper')),
    )
    expect(kept!.value).toMatchObject({ compared: count, asked: null, began: whole.began })
    expect(beside!.value).toMatchObject({ compared: 10, began: part.began })
    expect((beside!.value as { asked: { where: unknown } }).asked.where).toEqual({ op: 'lt', path: 'pages', value: 10 })
  })

  test('ids tell since when records were made, and others are not looked at', async () => {
    await spoil(5, 150)
    const since = new Date((firstMade + 100) * 1000)
    const found = await look({ since })
    expect(found).toMatchObject({ compared: 100, different: { content: 1, missing: 0, extra: 0, version: 0 } })
    expect(found.examples.map(({ id }) => id)).toEqual([paperId(150)])
    expect(found.asked).toMatchObject({ since: since.toISOString() })
    await mend()
  })

  test('ids that tell no time are refused, with what can be asked', async () => {
    const asked = verify({ stores, entity: Account, part: { since: new Date() } })
    await expect(asked).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/^--since cannot be answered: ids of Account are of the kind text/),
    })
  })

  test('a filter finds a record that meets it in one store alone, and says how it differs', async () => {
    await spoil(7)
    const found = await look({ where: { title: { eq: 'spoilt' } } })
    expect(found.different).toEqual({ missing: 0, extra: 0, content: 1, version: 0 })
    expect(found.examples).toMatchObject([{ id: paperId(7), kind: 'content', paths: ['title'] }])
    const other = await look({ where: { title: { eq: 'Paper 7' } } })
    expect(other.examples).toMatchObject([{ id: paperId(7), kind: 'content', paths: ['title'] }])
    await mend()
  })

  test('what a filter asks of a field that is hidden is kept without its value', async () => {
    const found = await look({ where: { secret: { eq: 'zebra 3' } } })
    expect(found.compared).toBe(1)
    expect(JSON.stringify(found)).not.toContain('zebra')
  })

  test('a sample is of about so many records, spread over the ids, and finds what differs among them', async () => {
    await spoil(...Array.from({ length: count }, (_, n) => n))
    for (const sample of [{ records: 100 }, { share: 0.5 }]) {
      const found = await look({ sample }, 7)
      expect(found.compared).toBeGreaterThanOrEqual(25) // one stretch, which all others may overlap
      expect(found.compared).toBeLessThanOrEqual(100)
      expect(found.different).toEqual({ missing: 0, extra: 0, version: 0, content: found.compared })
      expect(found.asked?.sample).toBe('share' in sample ? '50 %' : '100 records')
    }
    await mend()
  })

  test('one that is found clean makes no mirror fresh, and the whole does', async () => {
    const { flag } = (await readFlag(ledgers()[from], 'Paper'))!
    for (const ledger of Object.values(ledgers())) {
      const entry = (await ledger.get('flag', 'Paper'))!
      await ledger.compareAndSet('flag', 'Paper', entry.revision, { ...(entry.value as object), fresh: null })
    }
    const isFresh = async () => (await readFlag(ledgers()[from], 'Paper'))!.flag.fresh
    expect(isClean(await look({ where: { pages: { gte: 0 } } }))).toBe(true)
    expect(await isFresh()).toBeNull()
    expect(isClean(await look())).toBe(true)
    expect(await isFresh()).toBe(flag.epoch)
  })

  test('batches are of so many bytes at most, and the largest record comes alone', async () => {
    for (const origin of [from, to]) {
      const { reader } = stores[origin]
      const seen: number[] = []
      for (let after: string | number | null = null, more = true; more; ) {
        const { images, next } = await reader.scan(Paper, { after, limit: 50, maxBytes: 4_000 })
        seen.push(images.length)
        after = next
        more = next !== null
      }
      expect(seen.reduce((sum, size) => sum + size)).toBe(count)
      expect(Math.max(...seen)).toBeLessThan(30)
      expect((await reader.scan(Paper, { after: null, limit: 50, maxBytes: 1 })).images).toHaveLength(1)
    }
  })

  test('a target that was missing when a run was cut off is looked at again', async () => {
    const id = hex(7) // the first paper's alone
    await collection('authors').insertOne({ _id: new ObjectId(id), name: 'Author 7' })
    await changeUnseen(
      stores,
      sql`insert into authors (id, name, _cf_epoch, _cf_counter) values (${id}, 'Author 7', 0, 0)`,
    )
    const firstIsBy = async (author: string): Promise<void> => {
      const authorId = new ObjectId(author)
      await collection('papers').updateOne({ _id: new ObjectId(paperId(0)) }, { $set: { authorId } })
      await changeUnseen(stores, sql`update papers set author_id = ${author} where id = ${paperId(0)}`)
    }
    await firstIsBy(id)
    const gone = (origin: Origin) =>
      origin === 'mongo'
        ? collection('authors').deleteOne({ _id: new ObjectId(id) })
        : changeUnseen(stores, sql`delete from authors where id = ${id}`)
    const cutOff = async (): Promise<void> => {
      const stop = new AbortController()
      const onProgress = ({ compared }: VerifyProgress): void => {
        if (compared >= count / 2) stop.abort()
      }
      const asked = { stores, entity: Paper, entities, batch: 5, recheckMs, keepMs: 0 }
      await expect(verify({ ...asked, onProgress, signal: stop.signal })).rejects.toThrow()
    }
    await gone(to)
    await cutOff()
    expect((await look()).relations.dangling).toEqual([{ path: 'authorId', target: 'Author', id, missingIn: to }])
    await cutOff()
    await gone(from) // now nobody has it, and no store lacks what the other has
    expect((await look()).relations.dangling).toEqual([])
    await firstIsBy(hex(0))
    await look()
  })

  test('a target that one store alone lacks is told once, and one that both lack is not', async () => {
    const id = hex(1)
    if (to === 'mongo') await collection('authors').deleteOne({ _id: new ObjectId(id) })
    else await changeUnseen(stores, sql`delete from authors where id = ${id}`)
    const dangling = () => stores.postgres.dataIssues.counts(Paper)
    await look({ where: { pages: { gte: 0 } } })
    expect(await dangling()).toEqual([]) // a part does not tell
    const found = await look()
    expect(found.relations).toEqual({
      dangling: [{ path: 'authorId', target: 'Author', id, missingIn: to }],
      undecided: 0,
      unchecked: [],
    })
    expect(found.different).toEqual({ missing: 0, extra: 0, content: 0, version: 0 })
    expect(isClean(found)).toBe(false)
    if (from === 'mongo') await collection('authors').deleteOne({ _id: new ObjectId(id) })
    else await changeUnseen(stores, sql`delete from authors where id = ${id}`)
    const issue = { path: 'authorId', rule: 'refers to a Author that does not exist', count: 67 }
    const later = await look()
    expect([isClean(later), later.issues]).toEqual([true, [issue]])
    expect(await dangling()).toMatchObject([issue])
    await collection('authors').insertOne({ _id: new ObjectId(id), name: 'Author 1' })
    await changeUnseen(
      stores,
      sql`insert into authors (id, name, _cf_epoch, _cf_counter) values (${id}, 'Author 1', 0, 0)`,
    )
    const { flag } = (await readFlag(ledgers()[from], 'Author'))!
    const hold = async (fresh: number | null, later: number) => {
      for (const origin of origins)
        await raiseFlag(ledgers()[origin], { ...flag, fresh, revision: flag.revision + later })
    }
    await hold(null, 1)
    expect((await look()).relations.unchecked).toEqual(['authorId'])
    expect(await dangling()).toMatchObject([issue]) // nobody has looked
    await hold(flag.fresh, 2)
    await look()
    expect(await dangling()).toEqual([])
  })

  test('a value that a unique key holds twice is found in either store', async () => {
    await collection('papers').updateOne({ _id: new ObjectId(paperId(9)) }, { $set: { isbn: 'isbn-8' } })
    await changeUnseen(stores, sql`update papers set isbn = 'isbn-8' where id = ${paperId(9)}`)
    const found = await look()
    const told = { paths: ['isbn'], count: 2, ids: [paperId(8), paperId(9)] }
    expect(found.duplicates).toMatchObject([{ ...told, stores: ['mongo', 'postgres'] }])
    expect(isClean(found)).toBe(false)
    await collection('papers').updateOne({ _id: new ObjectId(paperId(9)) }, { $set: { isbn: 'isbn-9' } })
    expect((await look()).duplicates).toMatchObject([{ ...told, stores: ['postgres'] }])
    await collection('papers').updateOne({ _id: new ObjectId(paperId(9)) }, { $set: { isbn: 'isbn-9' } })
    await changeUnseen(stores, sql`update papers set isbn = 'isbn-9' where id = ${paperId(9)}`)
    expect(isClean(await look())).toBe(true)
  })

  test('it stops at once', async () => {
    const controller = new AbortController()
    const stopped = verify({
      stores,
      entity: Paper,
      batch: 5,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    })
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
  })
})

test('stretches that overlap are one, and none begins before the time that is asked for', () => {
  const range = (after: number | null, upTo: number | null) => ({
    after: after === null ? null : hex(after),
    upTo: upTo === null ? null : hex(upTo),
  })
  const given = [range(30, 40), range(5, 20), range(10, 15), range(20, 25), range(35, null), range(1, 2)]
  expect(inOrder(Paper, given, null)).toEqual([range(1, 2), range(5, 25), range(30, null)])
  expect(inOrder(Paper, given, hex(8))).toEqual([range(8, 25), range(30, null)])
  expect(inOrder(Paper, [range(null, 3), range(2, 9)], null)).toEqual([range(null, 9)])
})
