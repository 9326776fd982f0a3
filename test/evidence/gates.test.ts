import { defineEntity, int, text } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Flag } from '../../src/control/flag.ts'
import { ledgersOf, readFlag } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { createMongoIndex } from '../../src/demo/sample.ts'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'
import { acceptIssues, issueGroups } from '../../src/evidence/accepted-issues.ts'
import type { GateName, Look } from '../../src/evidence/gate.ts'
import { ASKED } from '../../src/evidence/gates.ts'
import { gateText, lookAt } from '../../src/evidence/look-at.ts'
import { measureAnew } from '../../src/evidence/measured-anew.ts'
import { evidenceMarkdown } from '../../src/evidence/report.ts'
import { defaultGates, type GateSettings, gatesOf } from '../../src/evidence/settings.ts'
import { signOff } from '../../src/evidence/sign-off.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { verify } from '../../src/jobs/verify.ts'
import { deadLetterKind } from '../../src/mirror/dead-letters.ts'
import { bucketOf } from '../../src/shadow/latency.ts'
import { type Stage, stages } from '../../src/stage/stage.ts'
import type { Json } from '../../src/util/json.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Owner = defineEntity('Owner', { mongo: 'owners', postgres: 'owners', id: int(), fields: { name: text() } })
const Kite = defineEntity('Kite', {
  mongo: 'kites',
  postgres: 'kites',
  id: int(),
  fields: { name: text(), span: int(), owner: int().references('Owner') },
})

let stores: TestStores
let flag: Flag
beforeAll(async () => {
  stores = await openStores([Kite, Owner])
  await prepareFlags(ledgersOf(stores), ['Kite'])
  const options = { ledgers: ledgersOf(stores), sweep: async () => 0, log: () => undefined }
  await setStage(options, { type: 'Kite', stage: 'dualwrite' })
  flag = await setStage(options, { type: 'Kite', stage: 'shadow' })
})
afterAll(() => stores?.close())

const settings: GateSettings = { ...defaultGates, comparisons: 10, signOff: true }

/** What one gate says of a move to live. */
async function look(
  gate: GateName,
  given: Partial<GateSettings> = {},
  of: Partial<Flag> = {},
): Promise<Look | undefined> {
  const subject = {
    stores,
    entity: Kite,
    flag: { ...flag, ...of },
    orders: [],
    fields: [
      { field: 'span', paths: ['span'] },
      { field: 'name', paths: ['name'] },
    ],
    settings: { ...settings, ...given },
  }
  return (await lookAt(subject, 'live')).find((state) => state.gate === gate)
}
const unmet = (text: string) => ({ met: false, found: expect.stringContaining(text), remedy: expect.any(String) })
const met = (text: string) => ({ met: true, found: expect.stringContaining(text) })

/** Puts an entry into a ledger, whatever is there. */
async function keep(origin: 'mongo' | 'postgres', kind: string, key: string, value: Json): Promise<void> {
  const { ledger } = stores[origin]
  const entry = await ledger.get(kind, key)
  expect(await ledger.compareAndSet(kind, key, entry?.revision ?? null, value)).toBe(true)
}

const kites = () => stores.mongo.connection.collection(Kite)

describe('what each gate of a move to live says, unmet and met', { timeout: 60_000 }, () => {
  beforeEach(async () => {
    flag = (await readFlag(stores.mongo.ledger, 'Kite'))!.flag
  })

  test('copied: the other store was never made equal; then it is, and then the mapping has grown', async () => {
    await kites().insertMany([
      { _id: 1, name: 'a' },
      { _id: 2, name: 'b' },
    ] as never[])
    expect(await look('copied')).toEqual({
      type: 'Kite',
      gate: 'copied',
      met: false,
      found: 'the other store was not made equal since it is written',
      remedy: 'run `crossfade backfill Kite`',
    })
    await backfill({ stores, entity: Kite })
    flag = (await readFlag(stores.mongo.ledger, 'Kite'))!.flag
    expect(await look('copied')).toMatchObject(met('2 records were copied, the last at 20'))

    const { value } = (await stores.postgres.ledger.get('backfill', 'Kite'))!
    await keep('postgres', 'backfill', 'Kite', { ...(value as object), mapping: 'earlier' })
    expect(await look('copied')).toMatchObject(unmet('the mapping has changed since the other store was made equal'))
    await verify({ stores, entity: Kite })
    expect(await look('copied')).toMatchObject(met('the other store was found as it is at 20'))
    const { value: found } = (await stores.mongo.ledger.get('verified', 'Kite'))!
    for (const unequal of [{ different: { content: 3 } }, { undecided: 1 }, { accepted: 1 }, { epoch: 1_000 }]) {
      await keep('mongo', 'verified', 'Kite', { ...(found as object), ...(unequal as object) } as Json)
      expect(await look('copied')).toMatchObject(unmet('the mapping has changed since the other store was made equal'))
    }
    await keep('postgres', 'backfill', 'Kite', value)
  })

  test('verified: nothing, then equal stores, and each way in which a verify tells nothing of now', async () => {
    await stores.mongo.ledger.remove('verified', 'Kite')
    expect(await look('verified')).toMatchObject(unmet('nothing was verified'))
    await verify({ stores, entity: Kite })
    expect(await look('verified')).toMatchObject(met('2 records were found equal at 20'))
    expect(await look('verified', {}, { epoch: 9 })).toMatchObject(unmet(`is of epoch ${flag.epoch}, and this is 9`))
    expect(await look('verified', { verifiedWithinHours: 1e-9 })).toMatchObject(unmet('began more than 1e-9 hours ago'))
    expect(await look('verified', { verifiedWithinHours: false })).toBeUndefined()

    const { value } = (await stores.mongo.ledger.get('verified', 'Kite'))!
    const other = (given: object) => keep('mongo', 'verified', 'Kite', { ...(value as object), ...given } as Json)
    await other({ mapping: 'earlier' })
    expect(await look('verified')).toMatchObject(unmet('the mapping has changed since the last `verify`'))
    await other({ undecided: 3 })
    expect(await look('verified')).toMatchObject(unmet('could not decide on 3 records'))
    await other({ different: { missing: 1, extra: 0, content: 2, version: 0 } })
    expect(await look('verified')).toMatchObject(unmet('found 3 records that differ'))
    // What was put together of several runs is as old as the first
    const began = new Date(Date.now() - 25 * 3_600_000).toISOString()
    await other({ began })
    expect(await look('verified')).toMatchObject(unmet('the last `verify` began more than 24 hours ago'))
    expect(await look('verified', { verifiedWithinHours: 26 })).toMatchObject({ met: true })
    await keep('mongo', 'verified', 'Kite', { made: 'by another version' })
    expect(await look('verified')).toMatchObject(unmet('nothing was verified'))
    await keep('mongo', 'verified', 'Kite', value)
  })

  test('verified: what somebody had accepted counts no longer than that holds', async () => {
    const { findings, triage } = stores.postgres
    const { value } = (await stores.mongo.ledger.get('verified', 'Kite'))!
    const group = { type: 'Kite', resolver: 'Query.kite', kind: 'divergence', path: 'span', count: 1 } as const
    await findings.add({
      ...nothingSeen,
      groups: [{ ...group, fingerprint: 'fab', firstMs: 0, lastMs: 0, examples: [] }],
    })
    const until = new Date(Date.now() + 60_000)
    await triage.judge('fab', { verdict: 'accepted', by: 'Ann', why: 'rounded', until, isHereOnly: false })
    const { rules } = await verify({ stores, entity: Kite })
    expect(rules).toEqual([expect.stringMatching(/^[0-9a-f]{12}$/)])
    const { value: found } = (await stores.mongo.ledger.get('verified', 'Kite'))!
    await keep('mongo', 'verified', 'Kite', { ...(found as object), accepted: 4 } as Json)
    expect(await look('verified')).toMatchObject({ met: true })
    await triage.drop(rules[0]!, 'Ann', 'it was a bug')
    const over = unmet('records differed in the last `verify` as somebody had accepted, and that is over')
    expect(await look('verified')).toMatchObject(over)
    await keep('mongo', 'verified', 'Kite', found) // nothing was accepted by it
    expect(await look('verified')).toMatchObject({ met: true })
    await keep('mongo', 'verified', 'Kite', value)
    await findings.close('fab', 'mended', 'Ann')
  })

  test('verified: the newest counts, whichever store had authority then', async () => {
    const { value } = (await stores.mongo.ledger.get('verified', 'Kite'))!
    await keep('postgres', 'verified', 'Kite', { ...(value as object), undecided: 1 })
    expect(await look('verified')).toMatchObject(unmet('could not decide on 1 record'))
    await stores.postgres.ledger.remove('verified', 'Kite')
  })

  test('compared: too few, then enough, and no group of differences that is open', async () => {
    const { findings } = stores.postgres
    const basis = { mapping: mappingDigest(Kite), epoch: flag.epoch }
    const verdicts = (count: number, type = 'Kite') => [{ type, verdict: 'matched', count, ...basis }]
    await findings.add({ ...nothingSeen, verdicts: [...verdicts(9), ...verdicts(50, 'Owner')] })
    expect(await look('compared')).toMatchObject(unmet('9 comparisons agreed, where 10 are asked for'))
    await findings.add({ ...nothingSeen, verdicts: [{ type: 'Kite', verdict: 'outages', count: 3, ...basis }] })
    expect(await look('compared')).toMatchObject(
      unmet('9 comparisons agreed, where 10 are asked for, and 3 could not be made'),
    )
    await findings.add({ ...nothingSeen, verdicts: [{ type: 'Kite', verdict: 'empty', count: 70, ...basis }] })
    expect(await look('compared')).toMatchObject(
      unmet('9 comparisons agreed, where 10 are asked for, and 70 more showed nothing in either store, and 3 could'),
    )
    await stores.postgres.connection.run(sql`delete from crossfade.shadow_verdicts where verdict = 'empty'`)
    await findings.add({ ...nothingSeen, verdicts: verdicts(1) })
    expect(await look('compared', { decidedPercent: 50 })).toMatchObject(
      met('10 comparisons agreed, where 10 are asked for'),
    )
    expect(await look('compared', { comparisons: false })).toBeUndefined()
    // 10 of 13 are 76 percent: what a store never answers is what nobody knows anything of
    expect(await look('compared', { decidedPercent: 77 })).toMatchObject(
      unmet('could not be made, since a store did not'),
    )
    expect(await look('compared', { decidedPercent: 77 })).toMatchObject(
      unmet('76 % of 13 were decided, where 77 % are asked for'),
    )
    expect(await look('compared', { decidedPercent: 77 })).toMatchObject({
      remedy: expect.stringMatching(/; then 1 more that agree will do$/),
    })
    expect(await look('compared', { decidedPercent: 76 })).toMatchObject({ met: true })
    expect(await look('compared', { decidedPercent: false })).toMatchObject({ met: true })
    const others = [
      ['indeterminate', 2],
      ['lag', 40],
      ['shed', 500], // for want of room, whatever they were
    ] as const
    await findings.add({
      ...nothingSeen,
      verdicts: others.map(([verdict, count]) => ({ type: 'Kite', verdict, count, ...basis })),
    })
    expect(await look('compared', { decidedPercent: 91 })).toMatchObject(
      unmet('and 2 could not be decided: 90 % of 55 were decided'),
    )
    expect(await look('compared', { decidedPercent: 90 })).toMatchObject({ met: true })

    const group = (fingerprint: string, type: string) =>
      ({
        fingerprint,
        type,
        resolver: 'Query.kite',
        kind: 'divergence',
        path: 'span',
        count: 4,
        firstMs: 0,
        lastMs: 0,
        examples: [],
      }) as const
    await findings.add({ ...nothingSeen, groups: [group('abc', 'Kite'), group('def', 'Owner')] })
    expect(await look('compared')).toMatchObject(
      unmet('1 kind of difference is open, most often divergence of span (4)'),
    )
    expect(await look('compared')).toMatchObject({
      remedy: expect.stringContaining('`mismatches recheck abc --close`'),
    })
    await findings.close('abc', 'mended', 'Ann')
    const refused = { ...group('abe', 'Kite'), kind: 'error', path: '51091' } as const
    await findings.add({ ...nothingSeen, groups: [refused] })
    expect(await look('compared')).toMatchObject({
      remedy: expect.stringContaining('`mismatches close abe --why "…"` where it is mended'),
    })
    await findings.close('abe', 'mended', 'Ann')
    expect(await look('compared')).toMatchObject(met('10 comparisons agreed, where 10'))
  })

  test('covered: nothing asked, then something that nobody compared, and all of it', async () => {
    const { findings } = stores.postgres
    const basis = { type: 'Kite', mapping: mappingDigest(Kite), epoch: flag.epoch, repeated: 0, flapped: 0 }
    const seen = (path: string, read: number, compared: number, resolver = 'Query.kite') => ({
      ...basis,
      resolver,
      path,
      read,
      compared,
      matched: compared,
      agoMs: compared > 0 ? 5 : null,
    })
    const asked = 'clients have asked for nothing that could be compared'
    expect(await look('covered')).toMatchObject(unmet(asked))
    // Of an earlier mirror, which tells nothing of this one
    await findings.add({ ...nothingSeen, coverage: [{ ...seen('span', 5, 5), epoch: flag.epoch - 1 }] })
    expect(await look('covered')).toMatchObject(unmet(asked))
    await findings.add({ ...nothingSeen, coverage: [seen('span', 5, 5), seen('name', 3, 0)] })
    expect(await look('covered')).toMatchObject(
      unmet('50 % of what clients asked for was compared, and not name of Query.kite'),
    )
    expect(await look('covered', { coveragePercent: 50 })).toMatchObject({ met: true })
    await findings.add({ ...nothingSeen, coverage: [seen('name', 0, 1), seen('', 2, 0, 'Query.kiteCount')] })
    expect(await look('covered')).toMatchObject(unmet('66 %'))
    await findings.add({ ...nothingSeen, coverage: [seen('', 0, 2, 'Query.kiteCount')] })
    expect(await look('covered')).toMatchObject(met('100 % of what clients asked for was compared'))
    expect(await look('covered', { coveragePercent: false })).toBeUndefined()
  })

  test('latency: no reads in both stores, then slower than allowed, and fast enough', async () => {
    const { findings } = stores.postgres
    const timing = (store: 'mongo' | 'postgres', ms: number) =>
      ({ type: 'Kite', resolver: 'Query.kite', store, bucket: bucketOf(ms), count: 100 }) as const
    await findings.add({ ...nothingSeen, timings: [timing('postgres', 40)] })
    expect(await look('latency')).toMatchObject(unmet('0 reads were timed in both stores, where 10 are asked for'))
    await findings.add({ ...nothingSeen, timings: [timing('mongo', 20)] })
    expect(await look('latency')).toMatchObject(unmet('which is more than 1.5 times as long'))
    expect(await look('latency', { latencyFactor: 2.5 })).toMatchObject(
      met('of 100 reads 99 % took PostgreSQL at most'),
    )
    await findings.clearTimings()
    // Both are fast: no reason to stay
    await findings.add({ ...nothingSeen, timings: [timing('mongo', 1), timing('postgres', 4)] })
    expect(await look('latency')).toMatchObject({ met: true })
    await measureAnew(stores.postgres, { by: 'Ann', why: 'an index was missing' })
    await findings.add({ ...nothingSeen, timings: [timing('mongo', 1), timing('postgres', 8)] })
    expect(await look('latency')).toMatchObject(unmet('since Ann had the times forgotten at '))
    expect(await look('latency')).toMatchObject(unmet('("an index was missing")'))
    expect(await stores.postgres.ledger.tail('measured-anew', 2)).toMatchObject([
      { value: { by: 'Ann', why: 'an index was missing' } },
    ])
  })

  test('latency: a few reads say nothing of the slow ones, and those without a time count for none', async () => {
    const { findings } = stores.postgres
    const timing = (store: 'mongo' | 'postgres', count: number) =>
      ({ type: 'Kite', resolver: 'Query.kite', store, bucket: bucketOf(1), count }) as const
    await findings.clearTimings()
    await findings.add({ ...nothingSeen, timings: [timing('mongo', 100), timing('postgres', 9)] })
    await findings.add({
      ...nothingSeen,
      failures: [
        { type: 'Kite', resolver: 'Query.kite', store: 'postgres', kind: 'outage', reason: 'unreachable', count: 500 },
      ],
    })
    expect(await look('latency')).toMatchObject(unmet('9 reads were timed in both stores, where 10 are asked for'))
    await findings.add({ ...nothingSeen, timings: [timing('postgres', 1)] })
    expect(await look('latency')).toMatchObject(met('of 10 reads 99 %'))
    expect(await look('latency', { comparisons: 5_000 })).toMatchObject(unmet('where 100 are asked for'))
    expect(await look('latency', { comparisons: false })).toMatchObject(unmet('where 100 are asked for'))
    await findings.clearTimings()
  })

  test('indexes: one of MongoDB that PostgreSQL lacks', async () => {
    await createMongoIndex(stores.mongo.connection, 'kites', { span: 1 }, false)
    expect(await look('indexes')).toMatchObject(
      unmet("an index is missing in PostgreSQL, as for MongoDB's index span_1"),
    )
    await stores.postgres.connection.run(sql`create index on kites (span nulls first, id)`)
    expect(await look('indexes')).toMatchObject(met('an index for each'))
    expect(await look('indexes', { indexes: false })).toBeUndefined()
  })

  test('schema: a column that the table lacks', async () => {
    expect(await look('schema')).toMatchObject(met('the tables are what the mapping implies'))
    await stores.postgres.connection.run(sql`alter table kites rename column name to title`)
    expect(await look('schema')).toMatchObject(unmet('the tables do not fit the mapping: kites: '))
    await stores.postgres.connection.run(sql`alter table kites rename column title to name`)
    expect(await look('schema')).toMatchObject({ met: true })
  })

  test('issues: open, accepted, and open again where there are more than were accepted', async () => {
    const { dataIssues } = stores.postgres
    expect(await look('issues')).toMatchObject(met('no data issue is open'))
    const broken = (id: number) => ({ id, issues: [{ path: 'span', rule: 'is no int', raw: '"wide"' }] })
    await dataIssues.quarantine(Kite, [broken(1), broken(2)])
    const [found] = await issueGroups(stores.postgres, Kite)
    expect(await look('issues')).toMatchObject(unmet('2 data issues are open, first span: is no int (2)'))
    expect((await look('issues'))!.remedy).toContain(`issues accept Kite ${found!.group}`)
    const said = { by: 'Ada', why: 'from before the form had numbers', until: null }
    const asked = [found!.group.slice(0, 6), 'zz']
    await expect(acceptIssues(stores.postgres, Kite, asked, said)).rejects.toThrow('Kite has no group of issues zz')
    expect(await look('issues')).toMatchObject(unmet('2 data issues are open')) // all of those that are named, or none
    expect(await acceptIssues(stores.postgres, Kite, [found!.group, asked[0]!], said)).toMatchObject([
      { accepted: { count: 2, by: 'Ada', why: 'from before the form had numbers' } },
    ])
    expect(await look('issues')).toMatchObject(met('no data issue is open; 2 are accepted'))
    await dataIssues.quarantine(Kite, [broken(3)])
    expect(await look('issues')).toMatchObject(unmet('3 data issues are open'))
    expect((await stores.postgres.ledger.tail('accepted-issues', 5, 'Kite')).map(({ value }) => value)).toMatchObject([
      { path: 'span', rule: 'is no int', count: 2, by: 'Ada' },
    ])
    const ahead = new Date(Date.now() + 60_000).toISOString()
    await acceptIssues(stores.postgres, Kite, null, { ...said, until: ahead })
    expect(await look('issues')).toMatchObject(met('no data issue is open; 3 are accepted'))
    const { revision, value } = (await stores.postgres.ledger.get('accepted-issues', found!.group))!
    const over = { ...(value as object), until: '2026-01-01T00:00:00.000Z' } as Json
    await stores.postgres.ledger.compareAndSet('accepted-issues', found!.group, revision, over)
    expect(await look('issues')).toMatchObject(unmet('3 data issues are open'))
  })

  test('mirrored: a record that the other store refuses', async () => {
    expect(await look('mirrored')).toMatchObject(met('nothing is owed'))
    const letter = { reason: 'it is too large', by: [], version: '1.1', tries: 1, next: 0 }
    await keep('mongo', deadLetterKind, 'Kite/1', letter)
    expect(await look('mirrored')).toMatchObject({
      met: false,
      found: expect.stringContaining('a record is refused by the other store'),
    })
    await stores.mongo.ledger.remove(deadLetterKind, 'Kite/1')
    expect(await look('mirrored')).toMatchObject({ met: true })
  })

  test('signed: by nobody, by somebody, and of an earlier state', async () => {
    expect(await look('signed')).toMatchObject(unmet('nobody has signed'))
    expect(await look('signed', { signOff: false })).toBeUndefined()
    const gates = [{ gate: 'signed', met: false }] as const
    const sign = (to: Stage, by = 'Ada') =>
      signOff(
        stores.postgres.ledger,
        Kite,
        { by, why: null },
        { to, epoch: flag.epoch, mapping: mappingDigest(Kite), gates },
      )
    // What another change asks for was shown to whoever signed, and not this
    await sign('shadow')
    expect(await look('signed')).toMatchObject(unmet('was of what shadow asks for'))
    await expect(sign('live', ' ')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    await sign('live')
    expect(await look('signed')).toMatchObject(met('Ada signed at 20'))
    expect(await look('signed', {}, { epoch: flag.epoch + 1 })).toMatchObject(unmet('was of an earlier state'))
    const [entry] = await stores.postgres.ledger.tail('sign-off', 1, 'Kite')
    expect(entry!.value).toMatchObject({ by: 'Ada', epoch: flag.epoch, evidence: { gates } })
  })

  test('signed: with a reason, where other gates are not met', async () => {
    const { ledger } = stores.postgres
    const gates = [
      { gate: 'signed', met: false },
      { gate: 'compared', met: false },
      { gate: 'verified', met: false },
      { gate: 'issues', met: true },
    ] as const
    const seen = { to: 'live', epoch: flag.epoch, mapping: mappingDigest(Kite), gates } as const
    await expect(signOff(ledger, Kite, { by: 'Eve', why: null }, seen)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: '2 gates are not met (compared, verified). Say why Kite is signed all the same (`why`).',
    })
    expect(await look('signed')).toMatchObject(met('Ada signed at 20'))
    await signOff(ledger, Kite, { by: 'Bea', why: 'seen by hand' }, seen)
    expect(await look('signed')).toMatchObject(met('Bea signed at 20'))
  })
})

test('a way back asks for nothing that was not measured, and no stage asks to stay where it is', () => {
  const back = stages.flatMap((from, at) => stages.slice(0, at + 1).map((to) => ASKED[from][to]))
  expect(new Set(back.flat())).toEqual(new Set(['mirrored']))
  for (const stage of stages) expect(ASKED[stage][stage]).toEqual([])
})

test.each<[Stage, Stage, readonly GateName[]]>([
  ['off', 'dualwrite', ['schema']],
  ['dualwrite', 'shadow', ['schema']],
  [
    'shadow',
    'live',
    ['schema', 'copied', 'verified', 'compared', 'covered', 'latency', 'indexes', 'issues', 'mirrored', 'signed'],
  ],
  ['live', 'rampdown', []],
  ['rampdown', 'complete', ['copied', 'verified', 'compared', 'covered', 'mirrored', 'signed']],
])('%s → %s asks for %j', (from, to, gates) => {
  expect(ASKED[from][to]).toEqual(gates)
})

test('settings of a type stand before those of the app, and these before the defaults', () => {
  expect(gatesOf('Kite')).toEqual(defaultGates)
  const config = { comparisons: 50, types: { Kite: { comparisons: false, signOff: true } } } as const
  expect(gatesOf('Kite', config)).toEqual({ ...defaultGates, comparisons: false, signOff: true })
  expect(gatesOf('Owner', config)).toEqual({ ...defaultGates, comparisons: 50 })
})

test('a report is a section a type, and what it tells cannot break its table', () => {
  const gate = { type: 'Kite', gate: 'issues', met: false, found: 'a | b\nc', remedy: 'mend' } as const
  const evidence = {
    type: 'Kite',
    from: 'shadow',
    to: 'live',
    epoch: 3,
    mapping: 'aa',
    at: '2026',
    gates: [gate],
  } as const
  expect(evidenceMarkdown([{ ...evidence, signOff: null }])).toBe(
    '## Kite: shadow → live\n\nEpoch 3, mapping aa, as of 2026.\n\n| gate | | found | to do |\n| --- | --- | --- | --- |\n' +
      '| issues | **not met** | a \\| b c | mend |\n\nNobody has signed.\n',
  )
  expect(gateText(gate)).toBe('a | b\nc: mend')
})
