import { boolean, decimal, defineEntity, embed, int, list, text, timestamp } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { entities } from '../../schema/index.ts'
import { schemaDrift } from '../../src/stores/postgres/schema-diff.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Crate = defineEntity('Crate', {
  mongo: 'crates',
  postgres: 'crates',
  id: text(),
  fields: {
    label: text().index(),
    Marks: list(text()),
    sealed: timestamp(),
    weight: decimal(),
    full: boolean(),
    size: int().column('Size').index(),
    parts: list(embed({ name: text().index() })).childTable('crate_parts'),
  },
})

let stores: TestStores | undefined
beforeEach(async () => {
  await stores?.close()
  stores = await openStores([Crate])
})
afterAll(() => stores?.close())

const run = (text: string) => stores!.postgres.connection.run(sql.raw(text))
const drift = () => schemaDrift(stores!.postgres.connection, [Crate])

/** What somebody did to the tables, and what is told; each with a statement that mends it, and nothing is told after. */
test.each<[string, string[], string[]]>([
  [
    'a column with another collation',
    ['alter table crates alter column label type text collate "und-x-icu"'],
    ['crates: column label has the collation und-x-icu, the mapping wants C: texts are found and ordered otherwise'],
  ],
  [
    'a list with the default collation',
    ['alter table crates alter column marks type text[] collate "default"'],
    ['crates: column marks has the collation default, the mapping wants C: texts are found and ordered otherwise'],
  ],
  [
    'the id with another collation, in the child table, too',
    [
      'alter table crate_parts drop constraint crate_parts_parent_id_fkey',
      'alter table crates alter column id type text collate "und-x-icu"',
    ],
    [
      'crates: column id has the collation und-x-icu, the mapping wants C: texts are found and ordered otherwise',
      'crate_parts: foreign key to crates with on delete cascade is missing',
    ],
  ],
  [
    'a foreign NOT NULL',
    ['alter table crates alter column "full" set not null'],
    ['crates: column full is not null: records without a value are refused'],
  ],
  [
    'a version that may be null, without its default',
    ['alter table crates alter column _cf_epoch drop not null, alter column _cf_epoch drop default'],
    ['crates: column _cf_epoch has not the default 0', 'crates: column _cf_epoch may be null'],
  ],
  [
    'a default',
    ["alter table crates alter column label set default 'none'"],
    ['crates: column label has a default, none'],
  ],
  [
    'a generated column',
    [
      'alter table crates drop column "full"',
      'alter table crates add column "full" boolean generated always as (weight > 1) stored',
    ],
    ['crates: column full is generated, and cannot be written'],
  ],
  [
    'a check of others',
    ['alter table crates add constraint heavy check (weight > 1 and "full")'],
    [
      'crates: check heavy is not of the mapping: records that do not hold it are refused (CHECK (((weight > (1)::numeric) AND "full")))',
    ],
  ],
  [
    'a column with wrong modifiers',
    ['alter table crates alter column weight type numeric(10, 2), alter column sealed type timestamptz'],
    [
      'crates: column sealed is timestamp with time zone, the mapping wants timestamp(3) with time zone',
      'crates: column weight is numeric(10,2), the mapping wants numeric',
    ],
  ],
  [
    'a column that no record fills',
    ['alter table crates add column owner text not null'],
    ['crates: column owner is not of the mapping, and must have a value that no record gives it'],
  ],
  ['a column that is missing', ['alter table crates drop column "full"'], ['crates: column full is missing']],
  [
    'an index of the same name on another column',
    ['drop index crates_label_idx', 'create index crates_label_idx on crates ("full")'],
    [
      'crates: index crates_label_idx is btree (full), the mapping wants btree (label nulls first, id)',
      'crates: index crates_label_idx is to be made anew',
    ],
  ],
  [
    'an index in another order',
    ['drop index "crates_Size_idx"', 'create index "crates_Size_idx" on crates ("Size", id)'],
    [
      'crates: index crates_Size_idx is btree (size, id), the mapping wants btree (size nulls first, id)',
      'crates: index crates_Size_idx is to be made anew',
    ],
  ],
  [
    'an index with a predicate',
    [
      'drop index crate_parts_name_idx',
      'create index crate_parts_name_idx on crate_parts (name nulls first, parent_id nulls first) where name is not null',
    ],
    [
      'crate_parts: index crate_parts_name_idx is btree (name nulls first, parent_id nulls first) where (name is not null), the mapping wants btree (name nulls first, parent_id nulls first)',
      'crate_parts: index crate_parts_name_idx is to be made anew',
    ],
  ],
  [
    'an index that is unique',
    ['drop index crates_label_idx', 'create unique index crates_label_idx on crates (label nulls first, id)'],
    [
      'crates: index crates_label_idx is unique, btree (label nulls first, id), the mapping wants btree (label nulls first, id)',
      'crates: index crates_label_idx is to be made anew',
    ],
  ],
  [
    'an index of another method',
    ['drop index crates_label_idx', 'create index crates_label_idx on crates using hash (label)'],
    [
      'crates: index crates_label_idx is hash (label), the mapping wants btree (label nulls first, id)',
      'crates: index crates_label_idx is to be made anew',
    ],
  ],
  [
    'an index that a build left unfinished',
    ["update pg_index set indisvalid = false where indexrelid = 'crates_label_idx'::regclass"],
    [
      'crates: index crates_label_idx was left unfinished by its build',
      'crates: index crates_label_idx is to be made anew',
    ],
  ],
  ['an unlogged table', ['alter table crate_parts set unlogged'], ['crate_parts: is unlogged: a crash empties it']],
  [
    'row level security',
    ['alter table crates enable row level security'],
    ['crates: has row level security, which may hide rows'],
  ],
  [
    'a table without its key',
    ['alter table crate_parts drop constraint crate_parts_pkey'],
    ['crate_parts: primary key (parent_id, position) is missing'],
  ],
  [
    'rows that outlive their parent',
    [
      'alter table crate_parts drop constraint crate_parts_parent_id_fkey',
      'alter table crate_parts add foreign key (parent_id) references crates (id)',
    ],
    ['crate_parts: foreign key to crates with on delete cascade is missing'],
  ],
  [
    'triggers of ours that are gone',
    ['drop trigger crossfade_note on crates', 'drop trigger crossfade_refuse_truncate on crate_parts'],
    [
      'crates: trigger crossfade_note is missing: what other programs change there is not mirrored',
      'crate_parts: trigger crossfade_refuse_truncate is missing: what other programs change there is not mirrored',
    ],
  ],
  [
    'triggers that somebody has changed',
    [
      'create or replace trigger crossfade_note after delete on crates for each row execute function crossfade.note()',
      `create or replace trigger crossfade_touch_parent after insert or delete or update on crate_parts for each row
        when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text)
        execute function crossfade.touch_parent('Crate', 'crates', 'Parts_count')`,
    ],
    [
      'crates: trigger crossfade_note is another one: what other programs change there is not mirrored',
      'crate_parts: trigger crossfade_touch_parent is another one: what other programs change there is not mirrored',
    ],
  ],
  [
    'triggers that do not fire',
    [
      'alter table crates disable trigger crossfade_stamp',
      'alter table crate_parts enable replica trigger crossfade_lock_parent',
    ],
    [
      'crates: trigger crossfade_stamp is disabled: what other programs change there is not mirrored',
      'crate_parts: trigger crossfade_lock_parent is disabled: what other programs change there is not mirrored',
    ],
  ],
])('tells %s, and mends it', async (_, done, expected) => {
  for (const statement of done) await run(statement)
  const found = await drift()
  expect(found.map(({ table, problem }) => `${table}: ${problem}`)).toEqual(expected)
  for (const { statement } of found) await run(statement!)
  expect(await drift()).toEqual([])
})

test.each<[string, string[], string]>([
  [
    'a column of another type',
    ['alter table crates alter column "full" type text'],
    'column full is text, the mapping wants boolean',
  ],
  [
    'an index name that another table has',
    ['drop index crates_label_idx', 'create table crates_label_idx ()'],
    'index crates_label_idx is missing, and another table or index has its name: rename that',
  ],
  [
    'a primary key of other columns',
    [
      'alter table crate_parts drop constraint crate_parts_pkey',
      'alter table crate_parts add primary key (position, parent_id)',
    ],
    'primary key is btree (position, parent_id), the mapping wants btree (parent_id, position)',
  ],
])('tells %s, for which no statement is right', async (_, done, problem) => {
  for (const statement of done) await run(statement)
  expect((await drift()).map((each) => [each.problem, each.statement])).toEqual([[problem, null]])
})

test('tables that the mappings made, with columns, indexes and triggers of others, fit', async () => {
  await run('alter table crates add column note text')
  await run('create index by_hand on crates (note)')
  await run(`create trigger by_hand before update on crates for each row
    execute function suppress_redundant_updates_trigger()`)
  await run('alter table crates enable always trigger crossfade_note')
  expect(await drift()).toEqual([])
  const app = await openStores(entities)
  expect(await schemaDrift(app.postgres.connection, entities)).toEqual([])
  await app.close()
})

test('what only makes a gateway slower, or less safe, does not keep it from being ready', async () => {
  await run("alter table crates alter column label set default 'none'")
  await run('drop index crates_label_idx')
  await run('create index crates_label_idx on crates ("full")')
  expect((await drift()).map(({ works }) => works)).toEqual([true, true, true])
  await run('alter table crates alter column "full" set not null')
  expect((await drift()).filter(({ works }) => !works)).toHaveLength(1)
})
