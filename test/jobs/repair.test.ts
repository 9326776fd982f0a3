import { randomInt } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import { type AnyBulkWriteOperation, type Document, Long, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readFlag } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { groupOf, type RecordDifference } from '../../src/jobs/differences-found.ts'
import { examine, repair } from '../../src/jobs/repair.ts'
import { chosenByGroup, chosenByVerify } from '../../src/jobs/repair-choice.ts'
import { isClean, lastDifferences, type Verified, verify } from '../../src/jobs/verify.ts'
import { copyOf, keptConflicts } from '../../src/mirror/kept-conflicts.ts'
import { sweep } from '../../src/mirror/sweep.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Stage } from '../../src/stage/stage.ts'
import type { Origin } from '../../src/util/origin.ts'
import { directions } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { isLong } from '../support/long.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { Author, Paper, paperId, paperValues } from '../support/paper.ts'
import { changeUnseen, openStores, type TestStores } from '../support/stores.ts'

const count = 610
const seeded = 500

/** For as long as that clients write while it is verified, where it is to be proved. */
const longMs = 600_000
/** From here on records are those of one test each. */
const spare = 540
const recheckMs = [5, 20]

/** The same numbers for one seed. */
function numbersOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

interface Spoiling {
  readonly kind: RecordDifference['kind']
  readonly paths: readonly string[]
  /** In which of the two stores. */
  readonly in: 'authority' | 'mirror'
  readonly mongo: (id: ObjectId, n: number) => AnyBulkWriteOperation<Document>
  readonly postgres: (id: string) => RawBuilder<unknown>
}

const update = (change: Document | ((n: number) => Document)) => (_id: ObjectId, n: number) => ({
  updateOne: { filter: { _id }, update: typeof change === 'function' ? change(n) : change },
})
const table =
  (name: string, set: string, where = 'id') =>
  (id: string) =>
    sql`update ${sql.table(name)} set ${sql.raw(set)} where ${sql.ref(where)} = ${id}`
const content = (path: string, mongo: Spoiling['mongo'], postgres: Spoiling['postgres']): Spoiling => ({
  kind: 'content',
  paths: [path],
  in: 'mirror',
  mongo,
  postgres,
})
const gone = {
  mongo: (_id: ObjectId) => ({ deleteOne: { filter: { _id } } }),
  postgres: (id: string) => sql`delete from papers where id = ${id}`,
}
const unversioned = {
  kind: 'version',
  paths: [],
  mongo: update({ $unset: { _cf: '' } }),
  postgres: table('papers', '_cf_epoch = 0, _cf_counter = 0'),
} as const

/** One of every kind that two copies can differ in. */
const spoilings: Readonly<Record<string, Spoiling>> = {
  missing: { kind: 'missing', paths: [], in: 'mirror', ...gone },
  extra: { kind: 'extra', paths: [], in: 'authority', ...gone },
  field: content('title', update({ $set: { title: 'spoilt' } }), table('papers', "title = 'spoilt'")),
  null: content('pages', update({ $unset: { pages: '' } }), table('papers', 'pages = null')),
  'embedded field': content(
    'journal.issue',
    update({ $inc: { 'journal.issue': 1 } }),
    (id) => sql`update papers set journal_issue = journal_issue + 1 where id = ${id}`,
  ),
  child: content(
    'tags',
    update({ $set: { 'tags.1': 'spoilt' } }),
    (id) => sql`update paper_tags set value = 'spoilt' where parent_id = ${id} and position = 1`,
  ),
  'member of a child': content(
    'notes.stars',
    update({ $set: { 'notes.1.stars': 9 } }),
    (id) => sql`update paper_notes set stars = 9 where parent_id = ${id} and position = 1`,
  ),
  'order of children': content(
    'tags',
    update({ $set: { tags: ['blue', 'green', 'red'] } }),
    (id) =>
      sql`update paper_tags set value = case position when 0 then 'blue' when 2 then 'red' else value end where parent_id = ${id}`,
  ),
  'children that went': content(
    'notes',
    update({ $pop: { notes: 1 } }),
    (id) =>
      sql`with gone as (delete from paper_notes where parent_id = ${id} and position = 1)
        update papers set notes_count = 1 where id = ${id}`,
  ),
  type: content(
    'data',
    update({ $set: { 'data.a': '1' } }),
    (id) => sql`update papers set data = '{"a":"1","b":["x"]}' where id = ${id}`,
  ),
  'precision of a double': content(
    'score',
    update((n) => ({ $set: { score: n + 0.25 + 2 ** -30 } })),
    table('papers', 'score = score + 2 ^ -30'),
  ),
  'precision of a long': content('reads', update({ $inc: { reads: Long.ONE } }), table('papers', 'reads = reads + 1')),
  'precision of a time': content(
    'sent',
    update((n) => ({ $set: { sent: new Date(1_600_000_000_001 + n) } })),
    table('papers', "sent = sent + interval '1 millisecond'"),
  ),
  'bookkeeping dropped in the mirror': { ...unversioned, in: 'mirror' },
  'bookkeeping dropped in the authority': { ...unversioned, in: 'authority' },
}

const kinds = Object.keys(spoilings)

let stores: TestStores
const ledgers = () => ({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger })
const look = (waits = recheckMs): Promise<Verified> => verify({ stores, entity: Paper, batch: 100, recheckMs: waits })

describe.each(directions)('Repair, authority $from', ({ from, to }) => {
  let epoch: number

  /** Papers that both stores have, at versions of the first epoch. */
  beforeAll(async () => {
    stores = await openStores([Author, Paper])
    await prepareFlags(ledgers(), ['Paper'])
    const papers = Array.from({ length: count }, (_, n) => {
      const { reads, ...values } = paperValues(n)
      const _cf = { epoch: 1, at: Long.fromNumber(1_000 + n), n: Long.ZERO }
      return { _id: new ObjectId(paperId(n)), ...values, reads: Long.fromBigInt(reads as bigint), _cf }
    })
    await stores.mongo.connection.db.collection('papers').insertMany(papers)
    const move = { ledgers: ledgers(), sweep: async () => 0, log: () => undefined }
    const set = (stage: Stage) => setStage(move, { type: 'Paper', stage, noOtherWriters: true })
    await set('dualwrite')
    await backfill({ stores, entity: Paper })
    epoch = (await set(from === 'mongo' ? 'shadow' : 'live')).epoch
  })
  afterAll(() => stores.close())

  async function spoil(papers: readonly (readonly [n: number, kind: string])[]): Promise<void> {
    const here = { mongo: [] as AnyBulkWriteOperation<Document>[], postgres: [] as RawBuilder<unknown>[] }
    for (const [n, kind] of papers) {
      const spoiling = spoilings[kind]!
      const store: Origin = spoiling.in === 'authority' ? from : to
      if (store === 'mongo') here.mongo.push(spoiling.mongo(new ObjectId(paperId(n)), n))
      else here.postgres.push(spoiling.postgres(paperId(n)))
    }
    if (here.mongo.length > 0) await stores.mongo.connection.db.collection('papers').bulkWrite(here.mongo)
    if (here.postgres.length > 0) await changeUnseen(stores, ...here.postgres)
  }

  const sweeping = () => ({
    stores,
    owner: 'test',
    under: anyEpoch,
    olderThanMs: 0,
    impatient: true,
    log: () => undefined,
  })
  /** Until nothing is owed. */
  async function settle(): Promise<void> {
    while ((await sweep(sweeping(), Paper, from)) > 0);
  }

  const chosen = async () =>
    chosenByVerify(stores[from].ledger, Paper, (await readFlag(stores[from].ledger, 'Paper'))!.flag.epoch)
  const kept = async () => (await keptConflicts(stores, Paper)).length

  test('what was found under an earlier epoch of the type is not taken for what differs now', async () => {
    await look()
    const { epoch } = (await readFlag(stores[from].ledger, 'Paper'))!.flag
    expect(await chosenByVerify(stores[from].ledger, Paper, epoch)).toMatchObject({ ids: [] })
    await expect(chosenByVerify(stores[from].ledger, Paper, epoch + 1)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(
        /^The stage of Paper was changed since the verify of .*: run `crossfade verify Paper`/,
      ),
    })
  })

  const proof = '500 seeded differences of all kinds are found, repaired, and gone; writes meanwhile raise no alarm'
  test(proof, { timeout: isLong ? 2 * longMs : 120_000 }, async () => {
    const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31))
    console.log(`seed ${seed}`)
    const below = numbersOf(seed)
    // Each kind at least once
    const papers = Array.from(
      { length: seeded },
      (_, n) => [n, kinds[n < kinds.length ? n : below(kinds.length)]!] as const,
    )
    await spoil(papers)

    const found = await look()
    expect(found).toMatchObject({ undecided: 0, quarantined: 0 })
    expect(Object.values(found.different).reduce((sum, each) => sum + each)).toBe(seeded)
    const { differences } = (await lastDifferences(stores[from].ledger, Paper))!
    const told = new Map(differences.map(({ id, kind, paths }) => [id, { kind, paths }]))
    for (const [n, kind] of papers) {
      const { kind: expected, paths } = spoilings[kind]!
      expect([kind, told.get(paperId(n))]).toEqual([kind, { kind: expected, paths }])
    }

    const { ids } = await chosen()
    const done = await repair({ stores, entity: Paper, ids, recheckMs }, { by: 'Ann', chosen: 'by the test' })
    expect(done.unequal).toHaveLength(seeded)
    expect(done).toMatchObject({ undecided: [], left: [], keptOut: [] })
    const extras = papers.filter(([, kind]) => kind === 'extra').length
    expect(done.buried).toBe(extras)
    const after = await look()
    expect(after).toMatchObject({ compared: count - extras, undecided: 0 })
    expect(isClean(after)).toBe(true)

    let writing = true
    const stamp = { epoch, owed: true }
    const write = async (): Promise<number> => {
      let writes = 0
      for (; writing; writes++) {
        const id = paperId(seeded + below(spare - seeded))
        await stores[from].authority.patch(Paper, id, planPatch(Paper, { title: `Written ${writes}` }), stamp)
      }
      return writes
    }
    const mirrored = async (): Promise<void> => {
      while (writing) await sweep(sweeping(), Paper, from)
    }
    const all = [write(), write(), mirrored()] as const
    const looks: Verified[] = []
    const until = performance.now() + (isLong ? longMs : 0)
    for (let n = 0; n < 3 || performance.now() < until; n++) looks.push(await look([10, 50, 200]))
    writing = false
    const [one, other] = await Promise.all(all)
    await settle()
    expect(one + other).toBeGreaterThan(0)
    const undecided = looks.reduce((sum, each) => sum + each.undecided, 0)
    console.log(`${one + other} writes during ${looks.length} verifications, ${undecided} records undecided`)
    for (const { different } of looks) expect(different).toEqual({ missing: 0, extra: 0, content: 0, version: 0 })
  })

  test('a dry run tells how records differ, hides what the mapping hides, and writes nothing', async () => {
    await spoil([[spare + 7, 'field']])
    const secret = to === 'mongo' ? update({ $set: { secret: 'lion' } })(new ObjectId(paperId(spare + 8)), 8) : null
    if (secret) await stores.mongo.connection.db.collection('papers').bulkWrite([secret])
    else await changeUnseen(stores, sql`update papers set secret = 'lion' where id = ${paperId(spare + 8)}`)
    const before = await kept()
    const ids = [7, 8, 9].map((n) => paperId(spare + n))
    for (let n = 0; n < 2; n++) {
      const { unequal, undecided } = await examine({ stores, entity: Paper, ids, recheckMs })
      expect(undecided).toEqual([])
      expect(unequal.map(({ id, differences }) => [id, differences])).toEqual([
        [paperId(spare + 7), [{ path: 'title', control: `Paper ${spare + 7}`, candidate: 'spoilt' }]],
        [paperId(spare + 8), [{ path: 'secret', control: '[redacted]', candidate: '[redacted]' }]],
      ])
    }
    expect(await kept()).toBe(before)
    expect((await repair({ stores, entity: Paper, ids, recheckMs }, { by: 'Ann', chosen: 'by id' })).left).toEqual([])
    expect(await kept()).toBe(before + 2)
  })

  test('a group of the last verify is repaired by itself', async () => {
    await spoil([
      [spare + 21, 'field'],
      [spare + 22, 'field'],
      [spare + 23, 'precision of a double'],
    ])
    await look()
    const group = groupOf(Paper, { kind: 'content', paths: ['title'] })
    const { findings } = stores.postgres
    const choice = await chosenByGroup(stores[from].ledger, findings, Paper, group.slice(0, 6))
    expect(choice.ids).toEqual([paperId(spare + 21), paperId(spare + 22)])
    const unknown = chosenByGroup(stores[from].ledger, findings, Paper, 'ffff')
    await expect(unknown).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    await repair({ stores, entity: Paper, ids: choice.ids, recheckMs }, { by: 'Ann', chosen: choice.chosen })
    expect((await look()).different).toEqual({ missing: 0, extra: 0, content: 1, version: 0 })
    await repair({ stores, entity: Paper, ...(await chosen()), recheckMs }, { by: 'Ann', chosen: 'the rest' })
    expect(isClean(await look())).toBe(true)
  })

  test('a group of mismatches is repaired by its examples', async () => {
    await spoil([[spare + 31, 'field']])
    const example = { subject: paperId(spare + 31), id: paperId(spare + 31), agoMs: 0, example: {} }
    const key = {
      fingerprint: 'abc123abc123',
      type: 'Paper',
      resolver: 'Query.paper',
      kind: 'divergence',
      path: 'title',
    } as const
    const seen = { ...key, count: 1, firstMs: 0, lastMs: 0, examples: [example] }
    const { findings } = stores.postgres
    await findings.add({ ...nothingSeen, groups: [seen] })
    const choice = await chosenByGroup(stores[from].ledger, findings, Paper, 'abc123')
    expect(choice).toEqual({ ids: [paperId(spare + 31)], chosen: 'by group abc123abc123 of mismatches' })
    const other = chosenByGroup(stores[from].ledger, findings, Author, 'abc123')
    await expect(other).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    await repair({ stores, entity: Paper, ids: choice.ids, recheckMs }, { by: 'Ann', chosen: choice.chosen })
    expect(isClean(await look())).toBe(true)
  })

  test('an older copy that differs is kept before it is replaced, and one that the authority lacks before it goes', async () => {
    if (to === 'mongo') {
      const older = { $set: { title: 'older', '_cf.at': Long.fromNumber(5) } }
      await stores.mongo.connection.db.collection('papers').updateOne({ _id: new ObjectId(paperId(spare + 46)) }, older)
    } else {
      const older = sql`update papers set title = 'older', _cf_counter = 5 where id = ${paperId(spare + 46)}`
      await changeUnseen(stores, older)
    }
    await spoil([[spare + 47, 'extra']])
    const ids = [46, 47].map((n) => paperId(spare + n))
    const done = await repair({ stores, entity: Paper, ids, recheckMs }, { by: 'Ann', chosen: 'by id' })
    expect(done).toMatchObject({ put: 1, buried: 1, left: [], undecided: [] })
    const copies = (await keptConflicts(stores, Paper)).filter(({ id }) => ids.includes(id))
    const read = copies.toReversed().map(async (each) => [each.id, await copyOf(stores, each)] as const)
    const newest = new Map(await Promise.all(read))
    expect(newest.get(ids[0]!)).toMatchObject({ mirror: to, version: '1.5', record: { title: 'older' } })
    expect(newest.get(ids[1]!)).toMatchObject({
      mirror: to,
      authority: 'none',
      record: { title: `Paper ${spare + 47}` },
    })
  })

  test('who repaired is kept before the first write and behind the last', async () => {
    await spoil([[spare + 41, 'missing']])
    await repair(
      { stores, entity: Paper, ids: [paperId(spare + 41), paperId(spare + 42)], recheckMs },
      { by: 'Bob', chosen: 'by id' },
    )
    const [last, first] = await stores[from].ledger.tail('repair', 2, 'Paper')
    expect(first!.value).toEqual({ by: 'Bob', chosen: 'by id', epoch, began: true, records: 2 })
    const counts = { unequal: 1, put: 1, buried: 0, left: 0, undecided: 0, keptOut: 0 }
    expect(last!.value).toEqual({ by: 'Bob', chosen: 'by id', epoch, ...counts })
  })

  test('a record that changes between the comparison and the put is left alone, and told', async () => {
    await spoil([[spare + 51, 'field']])
    const { outbox } = stores[to]
    const { images } = outbox
    let calls = 0
    Object.assign(outbox, {
      async images(...args: Parameters<typeof images>) {
        // The first is that of the comparison, the second that of the repair
        if (++calls === 2) {
          const patch = planPatch(Paper, { title: 'Written meanwhile' })
          await stores[from].authority.patch(Paper, paperId(spare + 51), patch, { epoch, owed: true })
        }
        return images(...args)
      },
    })
    const done = await repair(
      { stores, entity: Paper, ids: [paperId(spare + 51)], recheckMs },
      { by: 'Ann', chosen: 'by id' },
    ).finally(() => Object.assign(outbox, { images }))
    expect(done).toMatchObject({ put: 0, buried: 0, undecided: [paperId(spare + 51)] })
    await settle()
    expect(isClean(await look())).toBe(true)
  })

  test('what the mapping does not name is made equal in PostgreSQL, and left to others in MongoDB', async () => {
    const id = paperId(spare + 56)
    await stores.mongo.connection.db
      .collection('papers')
      .updateOne({ _id: new ObjectId(id) }, { $set: { odd: 'zebra' } })
    const found = await look()
    expect(found.examples).toMatchObject([{ id, kind: 'content', paths: ['(unmapped)'] }])
    const [before] = await stores[from].outbox.images(Paper, [id])
    const done = await repair({ stores, entity: Paper, ids: [id], recheckMs }, { by: 'Ann', chosen: 'by id' })
    expect(JSON.stringify(done, (_, each) => (typeof each === 'bigint' ? String(each) : each))).not.toContain('zebra')
    expect(done.left.map(({ kind }) => kind)).toEqual(to === 'postgres' ? [] : ['content'])
    const [after] = await stores[from].outbox.images(Paper, [id])
    if (to === 'mongo') expect([done.put, after!.version]).toEqual([0, before!.version]) // nothing for the next one to do
    await stores.mongo.connection.db.collection('papers').updateOne({ _id: new ObjectId(id) }, { $unset: { odd: '' } })
    await repair({ stores, entity: Paper, ids: [id], recheckMs }, { by: 'Ann', chosen: 'by id' })
    expect(isClean(await look())).toBe(true)
  })

  test('it waits for no backfill, nor overtakes one', async () => {
    expect(await stores.postgres.ledger.claim('backfill/Paper', 'another', 60_000)).toBe(true)
    const asked = repair(
      { stores, entity: Paper, ids: [paperId(spare + 1)], recheckMs },
      { by: 'Ann', chosen: 'by id' },
    )
    await expect(asked).rejects.toMatchObject({ code: 'TRY_AGAIN' })
    await stores.postgres.ledger.release('backfill/Paper', 'another')
  })

  test('a copy that a later move has overtaken writes nothing', async () => {
    await spoil([[spare + 61, 'missing']])
    const flags = stores[to].ledger
    const entry = (await flags.get('flag', 'Paper'))!
    const { replica } = stores[to]
    const { bulkPut } = replica
    // The mirror's flag goes on right before the put
    Object.assign(replica, {
      async bulkPut(...args: Parameters<typeof bulkPut>) {
        const now = (await flags.get('flag', 'Paper'))!
        await flags.compareAndSet('flag', 'Paper', now.revision, { ...(entry.value as object), epoch: epoch + 1 })
        return bulkPut(...args)
      },
    })
    const done = repair(
      { stores, entity: Paper, ids: [paperId(spare + 61)], recheckMs },
      { by: 'Ann', chosen: 'by id' },
    )
    await expect(done.finally(() => Object.assign(replica, { bulkPut }))).rejects.toMatchObject({ code: 'TRY_AGAIN' })
    const now = (await flags.get('flag', 'Paper'))!
    await flags.compareAndSet('flag', 'Paper', now.revision, entry.value)
    const { unequal } = await examine({ stores, entity: Paper, ids: [paperId(spare + 61)], recheckMs })
    expect(unequal).toMatchObject([{ id: paperId(spare + 61), kind: 'missing' }])
  })
})
