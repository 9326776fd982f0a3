import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { User } from '../../schema/user.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { verifiedKinds } from '../../src/evidence/verified.ts'
import { without } from '../../src/jobs/forget.ts'
import { checkpointKind } from '../../src/jobs/verify-checkpoint.ts'
import { keepCopy } from '../../src/mirror/conflicts.ts'
import { deadLetterKind } from '../../src/mirror/dead-letters.ts'
import { closeConflict, keptConflicts } from '../../src/mirror/kept-conflicts.ts'
import { encodeCursor } from '../../src/query/cursor.ts'
import { namesId } from '../../src/replay/forget-recorded.ts'
import { recordingsIn } from '../../src/replay/recordings.ts'
import type { SeenGroup } from '../../src/stores/findings.ts'
import type { Json } from '../../src/util/json.ts'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { runCommand } from '../support/run-command.ts'

let opened: CommandStores
let recording: string
const [ann, bob] = [new ObjectId().toHexString(), new ObjectId().toHexString()]
const image = (id: string) => ({
  id,
  version: { epoch: 1, counter: 7 },
  pending: false,
  record: newRecord(User, id, { name: `name ${id}`, email: `${id}@mail.example` }),
  rest: null,
  issues: [],
})

const group = (type: string, fingerprint: string, id: string, example: Json): SeenGroup => ({
  fingerprint,
  type,
  resolver: 'Query.user',
  kind: 'divergence',
  path: 'name',
  count: 1,
  firstMs: 0,
  lastMs: 0,
  examples: [{ subject: `id ${id}`, id, agoMs: 0, example }],
})

let people = 0

/** Everything that may be kept of a person, of each of the two. */
async function leaveTraces(id: string): Promise<void> {
  people++
  const { mongo, postgres } = opened.stores
  await postgres.findings.add({
    ...nothingSeen,
    groups: [
      group('User', `a${people}`, id, { args: { id } }),
      group('Comment', `b${people}`, 'another', { args: { where: [{ by: id }] } }),
      group('Comment', `c${people}`, 'third', { args: { text: `about ${id}` } }),
    ],
    undecided: [{ type: 'User', reason: `owed ${people}`, count: 1, id, owedMs: 5 } as never],
  })
  for (const store of [mongo, postgres]) {
    await keepCopy(store.ledger, User, 'postgres', image(id), '1.9')
    await store.ledger.append('dropped', `User/${id}`, { reason: 'too large' })
    await store.ledger.compareAndSet(deadLetterKind, `User/${id}`, null, {
      reason: 'x',
      by: [],
      version: '1.1',
      tries: 1,
      next: 0,
    })
  }
  const [kept] = (await keptConflicts(opened.stores, User)).filter((each) => each.id === id)
  await closeConflict(opened.stores[kept!.origin].ledger, kept!, { keep: 'authority', why: `asked ${id}` })
  await postgres.dataIssues.quarantine(User, [{ id, issues: [{ path: 'email', rule: 'no text', raw: `5 of ${id}` }] }])
}

beforeAll(async () => {
  opened = await openCommandStores()
  await leaveTraces(ann)
  await leaveTraces(bob)
  const differences = [ann, bob].map((id) => ({ id, kind: 'content', paths: ['name'], versions: ['1.1', '1.1'] }))
  await opened.stores.mongo.ledger.compareAndSet(verifiedKinds.differences, 'User', null, { differences })
  // What a verify of another type has found to be missing, and one that was cut off
  const dangling = [ann, bob].map((id) => ({ path: 'user', target: 'User', id, missingIn: 'postgres' }))
  const relations = { dangling, undecided: 0, unchecked: [] }
  await opened.stores.mongo.ledger.compareAndSet(verifiedKinds.whole, 'Comment', null, { relations })
  const cut = { of: 'x', began: 'now', after: bob, compared: 1, accepted: 0, quarantined: 0, suspects: [], targets: [] }
  const { ledger } = opened.stores.postgres
  await ledger.compareAndSet(checkpointKind, 'User', null, { ...cut, suspects: [ann] })
  await ledger.compareAndSet(checkpointKind, 'Comment', null, { ...cut, targets: [{ path: 'user', id: ann }] })
  await ledger.compareAndSet(checkpointKind, 'Theater', null, cut)
  const folder = recordingsIn(opened.env.CROSSFADE_DATA_DIR)
  mkdirSync(folder)
  recording = join(folder, 'a.jsonl')
  const order = [{ path: 'id', direction: 'asc' }] as const
  const cursor = (id: string): string => encodeCursor(User, order, image(id).record)
  const lines = [
    { crossfade: 'recording', format: 1, contract: 'c', instance: 'i', at: 'now' },
    { at: 'now', name: null, query: '{ user }', variables: { id: ann } },
    { at: 'now', name: null, query: `{ user(id: "${ann}") { id } }`, variables: {} },
    { at: 'now', name: null, query: '{ users }', variables: { after: cursor(ann) } },
    { at: 'now', name: null, query: '{ user }', variables: { id: bob, after: cursor(bob) } },
  ]
  writeFileSync(recording, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
})
afterAll(() => opened.close())

/** All that both ledgers and PostgreSQL's bookkeeping hold, as text. */
async function everything(): Promise<string> {
  const { mongo, postgres } = opened.stores
  const tables = ['ledger', 'log', 'data_issues', 'mismatch_examples', 'shadow_undecided']
  const rows = tables.map((table) => postgres.connection.run(sql`select * from ${sql.table(`crossfade.${table}`)}`))
  const documents = ['_crossfade_ledger', '_crossfade_log'].map((name) =>
    mongo.connection.db.collection(name).find().toArray(),
  )
  return JSON.stringify(await Promise.all([...rows, ...documents])) + readFileSync(recording, 'utf8')
}

const found = { findings: 4, conflicts: 4, deadLetters: 2, verifications: 4, dataIssues: 1, recordings: 3 }

test('without --yes what is kept of a record is counted, and nothing is removed', async () => {
  const before = await everything()
  const { code, stdout } = await runCommand(['forget', 'User', ann, '--json'], opened.env)
  expect([code, JSON.parse(stdout)]).toEqual([0, { type: 'User', removed: false, found }])
  expect(await everything()).toBe(before)
})

test('it asks for a reason, an id that can be one, and a type that there is', async () => {
  for (const args of [
    ['User', ann, '--yes'],
    ['Usr', ann],
    ['User', 'x', '--yes', '--why', 'y'],
  ])
    expect(await runCommand(['forget', ...args], opened.env)).toMatchObject({ code: 2, stdout: '' })
})

test('with --yes it is gone from both stores and the recordings, others stay, and who asked is kept without whom', async () => {
  const args = ['forget', 'User', ann, '--yes', '--why', 'ticket 812', '--by', 'Cleo']
  const { code, stdout, stderr } = await runCommand(args, opened.env)
  expect([code, stdout]).toEqual([0, expect.stringContaining('4        copies that were replaced')])
  expect(stderr).toContain('logs, archives')
  const left = await everything()
  expect(left).not.toContain(ann)
  expect(left.match(new RegExp(bob, 'g'))!.length).toBeGreaterThan(10)
  expect(readFileSync(recording, 'utf8').split('\n')).toHaveLength(3)
  const { stdout: told } = await runCommand(['forget', 'User', '--history', '--json'], opened.env)
  expect(JSON.parse(told)).toEqual([{ at: expect.any(String), by: 'Cleo', why: 'ticket 812', forgotten: found }])
  const none = { findings: 0, conflicts: 0, deadLetters: 0, verifications: 0, dataIssues: 0, recordings: 0 }
  const again = await runCommand(['forget', 'User', ann, '--json'], opened.env)
  expect(JSON.parse(again.stdout)).toEqual({ type: 'User', removed: false, found: none })
})

test('a record that is still there is told, since more of it may be kept', async () => {
  await opened.stores.mongo.connection
    .collection(User)
    .insertOne({ _id: new ObjectId(bob), name: 'B', email: 'b' } as never)
  const { stderr } = await runCommand(['forget', 'User', bob], opened.env)
  expect(stderr).toContain('mongo still has the record: what is found of it later is kept again.')
})

const line = (variables: object, query = '{ a }'): string => JSON.stringify({ at: 'now', name: null, query, variables })

test('an id is found as a value of variables and literals, and not as a part of another', () => {
  expect(namesId(line({ id: 7 }), 7)).toBe(true)
  expect(namesId(line({ id: 71, x: 'a7', n: '7 of them' }), 7)).toBe(false)
  expect(namesId(line({ id: 'a.b' }), 'a.b')).toBe(true)
  expect(namesId(line({ id: 'axb' }), 'a.b')).toBe(false)
  expect(namesId(line({ id: ['ABCDEF'] }), 'abcdef')).toBe(true)
  expect(namesId(line({ text: `about ${ann}.` }), ann)).toBe(true)
  expect(namesId(line({}, '{ a(id: 7, of: 70) }'), 7)).toBe(true)
  expect(namesId(line({}, '{ a7: a(id: 70) }'), 7)).toBe(false)
})

test.each(['a"b', 'c\\d', 'e\nf', 'ü/\u{1f600}'])('also where it must be escaped: %j', (id) => {
  expect(namesId(line({ id }), id)).toBe(true)
  expect(namesId(line({}, `{ a(id: ${JSON.stringify(id)}) }`), id)).toBe(true)
  expect(namesId(`{"at":"now","variables":{"id":${JSON.stringify(id)}`, id)).toBe(true) // cut off
  expect(namesId(line({ id: 'another' }), id)).toBe(false)
})

test('no header goes, nor a line of counts, nor everything for an id that is empty', () => {
  const header = JSON.stringify({ crossfade: 'recording', format: 1, contract: 'c', instance: 'i', at: 'now' })
  for (const id of [1, 'recording', 'c', '']) expect(namesId(header, id)).toBe(false)
  expect(namesId('{"at":"now","leftOut":{"failed":1}}', 1)).toBe(false)
  expect(namesId(line({ id: 'x' }), '')).toBe(false)
  expect(namesId('{"at":"now', '')).toBe(false)
})

test('of a verification records and lists of ids are taken out, and no paths that are called like one', () => {
  const value = {
    differences: [
      { id: 'name', paths: ['name'] },
      { id: 'x', paths: ['name'] },
    ],
    duplicates: [{ ids: ['name', 'x'] }],
  }
  expect(without(value, 'name')).toEqual({
    value: { differences: [{ id: 'x', paths: ['name'] }], duplicates: [{ ids: ['x'] }] },
    count: 2,
  })
})
