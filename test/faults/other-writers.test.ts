import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Flag, flagJson, initialFlag } from '../../src/control/flag.ts'
import { append, increment } from '../../src/query/operations.ts'
import { planPatch } from '../../src/query/patch.ts'
import { STAGE_PLAN, type Stage, stages } from '../../src/stage/stage.ts'
import { postgresSide } from '../../src/stores/postgres/side.ts'
import type { Version } from '../../src/stores/version.ts'
import { Account, account, both, newId, openAccounts, sweepOnce } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { type OtherWriter, openOtherWriter } from '../support/other-writer.ts'
import { changeUnseen, emptyStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let clerk: OtherWriter
beforeAll(async () => {
  stores = await openAccounts()
  clerk = await openOtherWriter(stores, ['accounts', 'account_tags'])
})
beforeEach(async () => {
  await clerk.run('rollback') // of a test before that failed
  await emptyStores(stores)
  await setFlag({ stage: 'live', epoch: 3 })
})
afterAll(async () => {
  await clerk?.close()
  await stores?.close()
})

const stamp = { epoch: 3, owed: true }

async function setFlag(flag: Partial<Flag>): Promise<void> {
  const { ledger } = stores.postgres
  const { revision = null } = (await ledger.get('flag', 'Account')) ?? {}
  await ledger.compareAndSet('flag', 'Account', revision, flagJson({ ...initialFlag('Account'), ...flag }))
}

/** A record that a gateway wrote, and the mirror has. */
async function shared(values: Readonly<Record<string, unknown>> = {}): Promise<{ id: string; version: Version }> {
  const id = newId()
  const { version } = await stores.postgres.authority.create(Account, account(id, values), stamp)
  await sweepOnce(stores, 'postgres', 'test', 3)
  return { id, version }
}

const owedCount = async (): Promise<number> => (await stores.postgres.outbox.backlog(Account)).count
const imageOf = async (id: string) => (await stores.postgres.outbox.images(Account, [id]))[0]

/** Both stores hold the same of each, at the same version, once what is owed is mirrored. */
async function mirrored(...ids: readonly string[]): Promise<unknown[]> {
  expect(await sweepOnce(stores, 'postgres', 'test', 3)).toBe(0)
  const records: unknown[] = []
  for (const id of ids) {
    const { authority, mirror } = await both(stores, 'postgres', id)
    expect(mirror).toEqual(authority)
    records.push((mirror as { record: unknown } | undefined)?.record)
  }
  return records
}

describe('What somebody writes in live who is no gateway, and has no rights on what is ours', () => {
  test('a change gets the next version, and is mirrored [other-writer]', async () => {
    const { id, version } = await shared({ visits: 1, tags: ['a'] })
    await clerk.run('update accounts set visits = 7 where id = $1', [id])
    expect((await imageOf(id))!.version).toEqual({ epoch: 3, counter: version.counter + 1 })
    expect(await owedCount()).toBe(1)
    expect(await mirrored(id)).toMatchObject([{ visits: 7, tags: ['a'] }])
  })

  test('a change of many rows is one of each', async () => {
    const ids = [(await shared()).id, (await shared()).id, (await shared()).id]
    await clerk.run('update accounts set visits = 5')
    expect(await owedCount()).toBe(3)
    expect(await mirrored(...ids)).toMatchObject([{ visits: 5 }, { visits: 5 }, { visits: 5 }])
  })

  test('a new row is a record of the present epoch, at the clock', async () => {
    const [id, before] = [newId(), Date.now()]
    await clerk.run('insert into accounts (id, email, visits) values ($1, $2, 2)', [id, 'a@example.org'])
    const { epoch, counter } = (await imageOf(id))!.version
    expect(epoch).toBe(3)
    expect(Math.abs(counter - before)).toBeLessThan(600_000)
    expect(await mirrored(id)).toMatchObject([{ email: 'a@example.org', visits: 2, tags: null }])
  })

  test('rows that are copied in are such, too', async () => {
    const [first, second] = [newId(), newId()]
    await clerk.copy('accounts (id, email, visits)', `${first}\ta\t1\n${second}\tb\t2\n`)
    expect(await mirrored(first, second)).toMatchObject([{ visits: 1 }, { visits: 2 }])
  })

  test('a removed row leaves a tombstone, and goes from the mirror', async () => {
    const { id, version } = await shared({ tags: ['a', 'b'] })
    await clerk.run('delete from accounts where id = $1', [id])
    expect(await imageOf(id)).toMatchObject({ record: null, version: { epoch: 3, counter: version.counter + 1 } })
    expect(await mirrored(id)).toEqual([null])
  })

  test('a row of an id that was deleted is newer than its tombstone', async () => {
    const { id } = await shared()
    await changeUnseen(stores, sql`update accounts set _cf_counter = 9000000000000000 where id = ${id}`)
    await clerk.run('delete from accounts where id = $1', [id])
    await clerk.run('insert into accounts (id, visits) values ($1, 4)', [id])
    expect((await imageOf(id))!.version).toEqual({ epoch: 3, counter: 9000000000000002 })
    expect(await mirrored(id)).toMatchObject([{ visits: 4 }])
  })

  test('an upsert that changes is a change, and one that does nothing leaves no note', async () => {
    const { id, version } = await shared({ visits: 1 })
    const insert = 'insert into accounts (id, visits) values ($1, 3) on conflict (id) do'
    await clerk.run(`${insert} nothing`, [id])
    expect(await owedCount()).toBe(0)
    expect((await imageOf(id))!.version).toEqual(version)
    await clerk.run(`${insert} update set visits = excluded.visits`, [id])
    expect((await imageOf(id))!.version).toEqual({ epoch: 3, counter: version.counter + 1 })
    expect(await mirrored(id)).toMatchObject([{ visits: 3 }])
  })

  test('another id is the end of one record and the beginning of another', async () => {
    const { id, version } = await shared({ visits: 8 })
    const next = newId()
    await clerk.run('update accounts set id = $2 where id = $1', [id, next])
    expect(await imageOf(id)).toMatchObject({ record: null, version: { epoch: 3, counter: version.counter + 1 } })
    expect(await mirrored(id, next)).toMatchObject([null, { visits: 8 }])
  })

  test('a version that he sets himself counts for nothing', async () => {
    const { id, version } = await shared()
    await clerk.run('update accounts set _cf_epoch = 99, _cf_counter = 1 where id = $1', [id])
    expect((await imageOf(id))!.version).toEqual({ epoch: 3, counter: version.counter + 1 })
  })

  test('a change that is taken back leaves nothing, by savepoint neither', async () => {
    const { id, version } = await shared({ visits: 1, tags: ['a'] })
    await clerk.run('begin')
    await clerk.run('update accounts set visits = 2 where id = $1', [id])
    await clerk.run('rollback')
    expect(await owedCount()).toBe(0)
    await clerk.run('begin')
    await clerk.run('savepoint s')
    await clerk.run('update account_tags set value = $2 where parent_id = $1', [id, 'b'])
    await clerk.run('rollback to s')
    await clerk.run('update account_tags set value = $2 where parent_id = $1', [id, 'c'])
    await clerk.run('commit')
    expect((await imageOf(id))!.version).toEqual({ epoch: 3, counter: version.counter + 1 })
    expect(await mirrored(id)).toMatchObject([{ visits: 1, tags: ['c'] }])
  })

  test('a row that a later epoch has written is refused: its flag was lost', async () => {
    const { id } = await shared()
    await changeUnseen(stores, sql`update accounts set _cf_epoch = 4 where id = ${id}`)
    const lost = { code: 'CF002', message: `Account ${id} was written in epoch 4, and its flag knows 3 alone` }
    await expect(clerk.run('update accounts set visits = 1 where id = $1', [id])).rejects.toMatchObject(lost)
    await expect(clerk.run('delete from accounts where id = $1', [id])).rejects.toMatchObject(lost)
  })

  test('what a key of another table takes along is seen, and refused where it would be lost', async () => {
    const { connection } = stores.postgres
    for (const statement of [
      'create table owners (id text primary key)',
      'alter table accounts add owner text references owners on delete cascade',
      `grant select, insert, delete on owners to ${clerk.name}`,
    ])
      await connection.run(sql.raw(statement))
    try {
      const { id } = await shared({ tags: ['a'] })
      await clerk.run("insert into owners values ('one')")
      await clerk.run("update accounts set owner = 'one' where id = $1", [id])
      await setFlag({ stage: 'shadow', epoch: 3 })
      await expect(clerk.run('delete from owners')).rejects.toMatchObject({ code: 'CF005' })
      await setFlag({ stage: 'live', epoch: 3 })
      await clerk.run('delete from owners')
      expect(await mirrored(id)).toEqual([null])
    } finally {
      await connection.run(sql.raw('alter table accounts drop owner'))
      await connection.run(sql.raw('drop table owners'))
    }
  })

  test('statements of a resolver’s own are seen, too', async () => {
    const { id } = await shared()
    await postgresSide(stores.postgres.connection).run(sql`update accounts set visits = 6 where id = ${id}`)
    expect(await mirrored(id)).toMatchObject([{ visits: 6 }])
  })
})

describe('What he writes in the table of a list', () => {
  const tag = (id: string, position: number, value: string) =>
    clerk.run('insert into account_tags (parent_id, position, value) values ($1, $2, $3)', [id, position, value])

  test('is a change of its record, whose count follows [other-writer]', async () => {
    const { id, version } = await shared({ tags: ['a'] })
    await tag(id, 1, 'b')
    expect((await imageOf(id))!.version).toEqual({ epoch: 3, counter: version.counter + 1 })
    expect(await mirrored(id)).toMatchObject([{ tags: ['a', 'b'] }])
    await clerk.run('update account_tags set value = $2 where parent_id = $1 and position = 0', [id, 'z'])
    expect((await imageOf(id))!.version).toEqual({ epoch: 3, counter: version.counter + 2 })
    expect(await mirrored(id)).toMatchObject([{ tags: ['z', 'b'] }])
    await clerk.run('delete from account_tags where parent_id = $1', [id])
    expect(await mirrored(id)).toMatchObject([{ tags: [] }])
    const counts = await stores.postgres.connection.run(sql`select tags_count as n from accounts where id = ${id}`)
    expect(counts).toEqual([{ n: 0 }])
  })

  test('makes a list where there was none', async () => {
    const { id } = await shared()
    await tag(id, 0, 'first')
    expect(await mirrored(id)).toMatchObject([{ tags: ['first'] }])
  })

  test('moves from one record to another', async () => {
    const [one, other] = [await shared({ tags: ['a', 'b'] }), await shared({ tags: [] })]
    await clerk.run('update account_tags set parent_id = $2 where parent_id = $1 and position = 1', [one.id, other.id])
    expect(await mirrored(one.id, other.id)).toMatchObject([{ tags: ['a'] }, { tags: ['b'] }])
  })

  test('gives its record one version a transaction, as long as their number stays', async () => {
    const { id, version } = await shared({ tags: ['a', 'b', 'c'] })
    await clerk.run('update account_tags set value = value || $2 where parent_id = $1', [id, '!'])
    expect((await imageOf(id))!.version).toEqual({ epoch: 3, counter: version.counter + 1 })
    expect(await mirrored(id)).toMatchObject([{ tags: ['a!', 'b!', 'c!'] }])
  })
})

test('two that shorten a list at once leave its right number', async () => {
  const { id } = await shared({ tags: ['a', 'b', 'c'] })
  const other = await openOtherWriter(stores, ['accounts', 'account_tags'])
  try {
    const remove = 'delete from account_tags where parent_id = $1 and position = $2'
    await clerk.run('begin')
    await clerk.run(remove, [id, 0])
    const second = other.run(remove, [id, 1])
    await expect
      .poll(async () => {
        const [row] = await stores.postgres.connection.run<{ n: number }>(
          sql`select count(*)::integer as n from pg_stat_activity where usename = ${other.name} and wait_event_type = 'Lock'`,
        )
        return row!.n
      })
      .toBe(1)
    await clerk.run('commit')
    await second
  } finally {
    await other.close()
  }
  expect(await stores.postgres.connection.run(sql`select tags_count as n from accounts`)).toEqual([{ n: 1 }])
  expect(await mirrored(id)).toMatchObject([{ tags: ['c'] }])
})

describe('Beside gateways', () => {
  test('neither loses what the other adds to a record', async () => {
    const { id } = await shared({ visits: 0, tags: [] })
    const patch = planPatch(Account, { visits: increment(1) })
    const his = async (): Promise<void> => {
      for (let n = 0; n < 20; n++) await clerk.run('update accounts set visits = visits + 1 where id = $1', [id])
    }
    const ours = Array.from({ length: 20 }, () => stores.postgres.authority.patch(Account, id, patch, stamp))
    await Promise.all([his(), ...ours])
    expect(await mirrored(id)).toMatchObject([{ visits: 40 }])
  })

  test('a gateway adds to a list behind what somebody has added and not committed yet', async () => {
    const { id } = await shared({ tags: ['a'] })
    await clerk.run('begin')
    await clerk.run("insert into account_tags (parent_id, position, value) values ($1, 1, 'his')", [id])
    const added = stores.postgres.authority.patch(Account, id, planPatch(Account, { tags: append('ours') }), stamp)
    await clerk.run('commit')
    await added
    expect(await mirrored(id)).toMatchObject([{ tags: ['a', 'his', 'ours'] }])
  })

  test('a gateway that sets a list compares it behind what somebody is changing there', async () => {
    const { id, version } = await shared({ tags: ['a', 'b'] })
    await clerk.run('begin')
    await clerk.run("delete from account_tags where parent_id = $1 and value = 'b'", [id])
    const set = stores.postgres.authority.patch(Account, id, planPatch(Account, { tags: ['a', 'b'] }), stamp)
    const waiting = sql<{ n: number }>`select count(*)::integer as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    await expect.poll(async () => (await stores.postgres.connection.run<{ n: number }>(waiting))[0]!.n).toBe(1)
    await clerk.run('commit')
    expect((await set)!.version).toEqual({ epoch: 3, counter: version.counter + 2 })
    expect(await mirrored(id)).toMatchObject([{ tags: ['a', 'b'] }])
  })

  test('he adds to a list behind what a gateway is adding, and never in its way', async () => {
    const { id } = await shared({ tags: ['a'] })
    const { connection } = stores.postgres
    const waiting = sql<{ n: number }>`select count(*)::integer as n from pg_locks where not granted
      and pid in (select pid from pg_stat_activity where usename = ${clerk.name})`
    const row = (value: string) =>
      sql`insert into account_tags (parent_id, position, value) values (${id}, 1, ${value})`
    let inserted: Promise<unknown> | undefined
    await connection.transaction(async (tx) => {
      await tx.run(sql`update accounts set tags_count = 2, _cf_counter = _cf_counter + 1 where id = ${id}`)
      inserted = clerk.run("insert into account_tags (parent_id, position, value) values ($1, 1, 'his')", [id])
      inserted.catch(() => undefined)
      await expect.poll(async () => (await tx.run<{ n: number }>(waiting))[0]!.n).toBe(1)
      await tx.commit([row('ours')])
    })
    await expect(inserted).rejects.toMatchObject({ code: '23505' }) // the place is taken
    await clerk.run("insert into account_tags (parent_id, position, value) values ($1, 2, 'his')", [id])
    expect(await mirrored(id)).toMatchObject([{ tags: ['a', 'ours', 'his'] }])
  })

  test('a transaction that stays open stops the sweep of no other record, nor of its own', async () => {
    const [held, other] = [(await shared()).id, (await shared()).id]
    for (const id of [held, other])
      await stores.postgres.authority.patch(Account, id, planPatch(Account, { visits: 1 }), stamp)
    await clerk.run('begin')
    await clerk.run('update accounts set visits = 2 where id = $1', [held])
    expect(await sweepOnce(stores, 'postgres', 'test', 3)).toBe(1)
    expect([...(await stores.postgres.outbox.owedFor(Account, [held, other])).keys()]).toEqual([held])
    await clerk.run('commit')
    expect(await mirrored(held, other)).toMatchObject([{ visits: 2 }, { visits: 1 }])
  })
})

/** One of each sort of change. */
const changes = [
  ['an update', "update accounts set visits = 9 where id = 'kept'"],
  ['an insert', "insert into accounts (id) values ('new')"],
  ['a delete', "delete from accounts where id = 'kept'"],
  ['another id', "update accounts set id = 'other' where id = 'bare'"],
  ['a new row of a list', "insert into account_tags (parent_id, position, value) values ('kept', 1, 'b')"],
  ['a change of one', "update account_tags set value = 'b'"],
  ['the end of one', 'delete from account_tags'],
  ['truncation', 'truncate accounts cascade'],
  ['truncation of a list', 'truncate account_tags'],
] as const

/** The records, as they are for all of them. */
async function keep(): Promise<void> {
  await setFlag({ stage: 'live', epoch: 3 })
  await stores.postgres.authority.create(Account, account('kept', { visits: 1, tags: ['a'] }), stamp)
  await stores.postgres.authority.create(Account, account('bare'), stamp)
}

const found = async () => ({
  rows: await stores.postgres.connection.run(sql`select * from accounts order by id`),
  tags: await stores.postgres.connection.run(sql`select * from account_tags order by parent_id, position`),
  owed: await stores.postgres.connection.run(sql`select * from crossfade.pending`),
  tombstones: await stores.postgres.connection.run(sql`select * from crossfade.tombstones`),
})

/** What a stage makes of a change, written down; STAGE_PLAN is held against it. */
const meant: Readonly<Record<Stage, 'nobody’s' | 'refused' | 'mirrored' | 'versioned'>> = {
  off: 'nobody’s',
  dualwrite: 'refused',
  shadow: 'refused',
  live: 'mirrored',
  rampdown: 'mirrored',
  complete: 'versioned',
}

test.each(stages)('PostgreSQL knows the authority and the mirror of %s as gateways do', async (stage) => {
  const [plan] = await stores.postgres.connection.run(sql`select * from crossfade.stage_plan(${stage})`)
  const { authority, mirror } = STAGE_PLAN[stage]
  expect(plan).toEqual({ authority, mirror })
})

describe.each(Object.entries(meant).filter(([, what]) => what === 'refused'))('In %s', (stage) => {
  test.each(changes)('%s is refused, and it is said what to do', async (_, statement) => {
    await keep()
    await setFlag({ stage: stage as Stage, epoch: 4 })
    const before = await found()
    const table = statement.includes('account_tags') ? 'account_tags' : 'accounts'
    await expect(clerk.run(statement)).rejects.toMatchObject({
      code: 'CF005',
      message: `Account is in stage ${stage}: MongoDB has its records, and a change of table ${table} would be lost`,
      hint: 'Write through the gateway, or to MongoDB. From stage live on, changes of the table are mirrored.',
    })
    expect(await found()).toEqual(before)
  })
})

describe.each([
  ['held for a move', { stage: 'live', state: 'draining', target: 'shadow', epoch: 3 }, 'CF006'],
  ['held for a move from rampdown', { stage: 'rampdown', state: 'draining', target: 'shadow', epoch: 3 }, 'CF006'],
  ['handed over', { stage: 'shadow', state: 'handed', epoch: 4 }, 'CF005'],
  ['in a stage that is not known here', { stage: 'later' as Stage, epoch: 4 }, 'CF005'],
] as const)('While the type is %s', (_, flag, code) => {
  test.each(changes)('%s is refused', async (_, statement) => {
    await keep()
    await setFlag(flag)
    const before = await found()
    await expect(clerk.run(statement)).rejects.toMatchObject({ code, hint: expect.stringMatching(/\.$/) })
    expect(await found()).toEqual(before)
  })
})

test.each(['live', 'rampdown', 'complete'] as const)(
  'in %s no table is truncated: nobody is told what goes',
  async (stage) => {
    await keep()
    await setFlag({ stage, epoch: 3 })
    for (const table of ['accounts cascade', 'account_tags'])
      await expect(clerk.run(`truncate ${table}`)).rejects.toMatchObject({
        code: 'CF007',
        message: `table ${table.split(' ')[0]} of Account cannot be truncated: which records go is told nobody`,
        hint: 'Use DELETE.',
      })
  },
)

test.each(changes)('in off, %s is nobody’s business: a copy makes the table equal later', async (_, statement) => {
  await keep()
  await setFlag({ stage: 'off', epoch: 5 })
  const before = await found()
  await clerk.run(statement)
  const { owed, tombstones, rows } = await found()
  expect({ owed, tombstones }).toEqual({ owed: before.owed, tombstones: before.tombstones })
  const versions = (all: typeof rows) => all.map((row) => `${row['_cf_epoch']}.${row['_cf_counter']}`)
  expect(['0.0', ...versions(before.rows)]).toEqual(expect.arrayContaining(versions(rows)))
})

test('in complete a change has a version and a delete a tombstone, and nothing is owed', async () => {
  const { id, version } = await shared({ tags: ['a'] })
  await setFlag({ stage: 'complete', epoch: 4 })
  await clerk.run('update accounts set visits = 1')
  await clerk.run("update account_tags set value = 'b'")
  expect((await imageOf(id))!.version).toEqual({ epoch: 4, counter: version.counter + 2 })
  await clerk.run('delete from accounts')
  expect(await imageOf(id)).toMatchObject({ record: null, version: { epoch: 4, counter: version.counter + 3 } })
  expect(await owedCount()).toBe(0)
})

test('a transaction that began to read before the flag was changed does not write by the old one', async () => {
  const { id } = await shared()
  for (const level of ['repeatable read', 'serializable']) {
    await setFlag({ stage: 'live', epoch: 3 })
    await clerk.run(`begin isolation level ${level}`)
    await clerk.run('select from accounts')
    await setFlag({ stage: 'shadow', epoch: 4 })
    await expect(clerk.run('update accounts set visits = 1 where id = $1', [id])).rejects.toMatchObject({
      code: '40001',
    })
    await clerk.run('rollback')
  }
})

test('whoever says that he is Crossfade is passed by, to the end of his transaction', async () => {
  const { id, version } = await shared()
  await setFlag({ stage: 'shadow', epoch: 4 })
  await clerk.run('begin')
  await clerk.run("set local crossfade.writer = 'crossfade'")
  await clerk.run('update accounts set visits = 1 where id = $1', [id])
  await clerk.run('commit')
  expect(await imageOf(id)).toMatchObject({ version, record: { visits: 1 } })
  expect(await owedCount()).toBe(0)
  await expect(clerk.run('update accounts set visits = 2')).rejects.toMatchObject({ code: 'CF005' })
})

test('of what gateways write no trigger is called', async () => {
  const own = await openAccounts()
  try {
    const { connection, authority, replica } = own.postgres
    for (const name of ['stamp', 'note', 'lock_parent', 'touch_parent', 'refuse_truncate'])
      await connection.run(
        sql.raw(`create or replace function crossfade.${name}() returns trigger language plpgsql as
          $$ begin raise exception 'called'; end $$`),
      )
    const { id } = await authority.create(Account, account(newId(), { tags: ['a'] }), stamp)
    const image = await authority.patch(Account, id, planPatch(Account, { tags: append('b'), visits: 1 }), stamp)
    const newer = { ...image!, version: { epoch: 3, counter: 9e15 } }
    expect(await replica.bulkPut(Account, [newer], anyEpoch)).toEqual([{ put: 'applied' }])
    expect(await authority.restamp(Account, id, newer.version, newer.version)).toBe(true)
    expect(await authority.delete(Account, id, stamp)).toMatchObject({ record: null })
    await emptyStores(own)
    await expect(connection.run(sql`insert into accounts (id) values ('x')`)).rejects.toThrow('called')
  } finally {
    await own.close()
  }
})
