import { defineEntity, int, list, text } from 'crossfade'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { flagJson, initialFlag } from '../../src/control/flag.ts'
import { connectPostgres, type PostgresConnection } from '../../src/stores/postgres/connection.ts'
import { migrateUp } from '../../src/stores/postgres/migrate.ts'
import { schemaDrift } from '../../src/stores/postgres/schema-diff.ts'
import { type OtherWriter, openOtherWriter } from '../support/other-writer.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Letter = defineEntity('Letter', {
  mongo: 'letters',
  postgres: 'letters',
  id: text(),
  fields: { weight: int(), stamps: list(text()).childTable('letter_stamps') },
})

const tables = [
  'create schema post',
  `create table letters (id text collate "C" primary key, weight integer, stamps_count integer, rest jsonb,
    _cf_epoch bigint not null default 0, _cf_counter bigint not null default 0) partition by hash (id)`,
  'create table letters_a partition of letters for values with (modulus 2, remainder 0)',
  'create table letters_b partition of letters for values with (modulus 2, remainder 1)',
  `create table letter_stamps (parent_id text collate "C" not null references letters (id) on delete cascade,
    position integer not null, value text collate "C" not null, primary key (parent_id, position))`,
]

let stores: TestStores
let clerk: OtherWriter
let connection: PostgresConnection

/** Tables that the team had before, one of them partitioned, in a schema of their own. */
beforeEach(async () => {
  stores = await openStores([])
  connection = connectPostgres({ uri: addressOf().href, poolSize: 1 })
  for (const statement of tables) await connection.run(sql.raw(statement))
  clerk = await openOtherWriter(stores, ['post.letters', 'post.letters_a', 'post.letters_b', 'post.letter_stamps'])
  await connection.run(sql.raw(`grant usage on schema post to ${clerk.name}`))
})
afterEach(async () => {
  await connection?.pool.end()
  await clerk?.close()
  await stores?.close()
})

function addressOf(user?: string): URL {
  const uri = new URL(String(stores.postgres.connection.pool.options.connectionString))
  uri.searchParams.set('options', '-c search_path=post')
  if (user) [uri.username, uri.password] = [user, 'clerk']
  return uri
}

test('triggers are proposed for tables of the team’s own, and see what is changed in them and in their partitions', async () => {
  const drift = await schemaDrift(connection, [Letter])
  const missing = drift.filter(({ problem }) => problem.startsWith('trigger '))
  expect(missing.map(({ table, problem }) => `${table}: ${problem.split(':')[0]}`)).toEqual([
    'letters: trigger crossfade_stamp is missing',
    'letters: trigger crossfade_note is missing',
    'letters: trigger crossfade_refuse_truncate is missing',
    'letter_stamps: trigger crossfade_lock_parent is missing',
    'letter_stamps: trigger crossfade_touch_parent is missing',
    'letter_stamps: trigger crossfade_refuse_truncate is missing',
  ])
  // A second time, as a migration that is run again
  for (const { statement } of [...missing, ...missing]) await connection.run(sql.raw(statement!))
  expect((await schemaDrift(connection, [Letter])).map(({ table, problem }) => `${table}: ${problem}`)).toEqual([
    'letters: check crossfade_rest_04003a1f is missing: other programs may write to rest what its field cannot be',
  ])

  await stores.postgres.ledger.compareAndSet(
    'flag',
    'Letter',
    null,
    flagJson({ ...initialFlag('Letter'), stage: 'live', epoch: 2 }),
  )
  const owed = async (): Promise<string[]> => {
    const rows = await connection.run<{ note: string }>(
      sql`with gone as (delete from crossfade.pending returning *)
          select p.id || case when d.id is null then '' else ' gone' end as note
          from gone p left join crossfade.tombstones d using (entity, id, epoch, counter) order by p.id`,
    )
    return rows.map(({ note }) => note)
  }
  await clerk.run("insert into post.letters (id) values ('a'), ('b'), ('c'), ('d')")
  expect(await owed()).toEqual(['a', 'b', 'c', 'd'])
  for (const partition of ['letters_a', 'letters_b']) await clerk.run(`update post.${partition} set weight = 1`)
  expect(await owed()).toEqual(['a', 'b', 'c', 'd'])
  // Most of them into the other partition
  await clerk.run("update post.letters set id = upper(id) where id <> 'd'")
  expect(await owed()).toEqual(['A', 'B', 'C', 'a gone', 'b gone', 'c gone'])
  await clerk.run("insert into post.letter_stamps (parent_id, position, value) values ('d', 0, 'blue')")
  expect(await owed()).toEqual(['d'])
  expect(await connection.run(sql`select stamps_count as n from letters where id = 'd'`)).toEqual([{ n: 1 }])
  await clerk.run('delete from post.letters')
  expect(await owed()).toEqual(['A gone', 'B gone', 'C gone', 'd gone'])
  await expect(clerk.run('truncate post.letters cascade')).rejects.toMatchObject({ code: 'CF007' })
})

test('whoever may not make triggers is told so, and where the rights are written down', async () => {
  await migrateUp(connection, {})
  const database = addressOf().pathname.slice(1)
  for (const grant of [
    `create on database ${database}`,
    'usage, create on schema crossfade',
    'all on all tables in schema crossfade',
  ])
    await connection.run(sql.raw(`grant ${grant} to ${clerk.name}`))
  const his = connectPostgres({ uri: addressOf(clerk.name).href, poolSize: 1 })
  const statements = (await schemaDrift(connection, [Letter]))
    .filter(({ problem }) => problem.startsWith('trigger '))
    .flatMap(({ statement }) => statement ?? [])
  const up = async (db: Parameters<Parameters<typeof migrateUp>[1][string]['up']>[0]): Promise<void> => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  }
  try {
    await expect(migrateUp(his, { '0001-triggers': { up } })).rejects.toMatchObject({
      code: 'MISCONFIGURED',
      message:
        'Migration app/0001-triggers failed: permission denied for table letters. ' +
        'The rights that `crossfade migrate up` needs are in docs/security.md.',
    })
  } finally {
    await his.pool.end()
  }
})

test('nobody has what triggers may write written by a trigger of his own', async () => {
  for (const grant of ['usage on schema crossfade', 'create on schema post'])
    await connection.run(sql.raw(`grant ${grant} to ${clerk.name}`))
  await clerk.run('create table post.mine (id text, _cf_epoch bigint, _cf_counter bigint)')
  for (const name of ['stamp', 'note', 'lock_parent', 'touch_parent', 'refuse_truncate'])
    await expect(
      clerk.run(`create trigger t before insert on post.mine execute function crossfade.${name}('Letter')`),
    ).rejects.toMatchObject({ code: '42501', message: `permission denied for function crossfade.${name}` })
})
