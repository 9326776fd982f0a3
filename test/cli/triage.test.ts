import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { entities } from '../../schema/index.ts'
import { readFlag } from '../../src/control/flag-store.ts'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'
import { typeOf } from '../../src/entity/type-of.ts'
import type { SeenCoverage } from '../../src/stores/coverage.ts'
import { type CommandStores, inDualwrite, openCommandStores } from '../support/command-stores.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { runCommand } from '../support/run-command.ts'

let opened: CommandStores
const findings = () => opened.stores.postgres.findings
const hex = (n: number): string => (1_600_000_000 + n).toString(16) + '0'.repeat(16)
const users = () => opened.stores.mongo.connection.db.collection('users')
const run = (...args: string[]) => runCommand(args, opened.env)
/** A command takes seconds where the machine is busy. */
const ms = 180_000
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout)

beforeAll(async () => {
  opened = await openCommandStores()
  const documents = [0, 1].map((n) => ({ _id: new ObjectId(hex(n)), name: `User ${n}`, email: `${n}@example.org` }))
  await users().insertMany(documents)
  await inDualwrite(opened, 'User')
  expect(await run('backfill', 'User')).toMatchObject({ code: 0 })
})
afterAll(() => opened.close())

/** Two records of which a read found another name. */
beforeEach(async () => {
  await findings().clear()
  const examples = [0, 1].map((n) => ({
    subject: `id ${hex(n)}`,
    id: hex(n),
    agoMs: n,
    example: { args: {}, control: 'zebra', candidate: 'lion' },
  }))
  const key = {
    fingerprint: '3fa93fa93fa9',
    type: 'User',
    resolver: 'Query.user',
    kind: 'divergence',
    path: 'name',
  } as const
  await findings().add({ ...nothingSeen, groups: [{ ...key, count: 5, firstMs: 0, lastMs: 0, examples }] })
})

test('a group is accepted for a time, told apart by list, told in full by show, and open again once dropped', {
  timeout: ms,
}, async () => {
  expect(
    await run(
      'mismatches',
      'triage',
      '3fa9',
      'accepted',
      '--why',
      'names are trimmed',
      '--until',
      '30d',
      '--by',
      'Ann',
    ),
  ).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(
      /^3fa93fa93fa9 is accepted until .*Z: User name \(divergence\), wherever it is read, and for verify\.$/m,
    ),
  })
  const day = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)
  const listed = await run('mismatches', 'list')
  expect(listed.stderr).toContain('No difference is open.')
  expect(listed.stdout).toContain(`Counted apart, by rules`)
  expect(listed.stdout).toContain(`accepted until ${day}  –`)

  expect(await run('mismatches', 'assign', '3fa9', '--to', 'Cy', '--by', 'Bob')).toMatchObject({ code: 0 })
  expect(await run('mismatches', 'comment', '3fa9', '--text', 'since May')).toMatchObject({ code: 0 })
  const shown = await run('mismatches', 'show', '3fa9')
  expect(shown.stdout).toContain('Ann accepted it until')
  expect(shown.stdout).toContain(': names are trimmed')
  expect(shown.stdout).toContain('Bob assigned it to Cy')
  expect(shown.stdout).toMatch(/\S+@\S+ commented: since May/)
  expect(shown.stdout).toContain(', assigned to Cy')

  const [rule] = await json('mismatches', 'rules')
  expect(rule).toMatchObject({ type: 'User', kind: 'divergence', path: 'name', resolver: null, isInForce: true })
  expect(await run('mismatches', 'rules', '--drop', rule.name, '--why', 'a bug')).toMatchObject({ code: 0 })
  expect(await json('mismatches', 'list')).toMatchObject({ groups: [{ count: 5, assignee: 'Cy' }], covered: [] })
})

test('verify goes by the same rules', { timeout: ms }, async () => {
  await users().updateOne({ _id: new ObjectId(hex(0)) }, { $set: { name: 'Changed' } })
  expect(await run('verify', 'User')).toMatchObject({ code: 2 })
  await run('mismatches', 'triage', '3fa9', 'noise', '--why', 'known', '--until', '1d')
  const found = await run('verify', 'User')
  expect(found.code).toBe(0)
  expect(found.stdout).toContain('User: 1 differ as somebody has accepted: see `crossfade mismatches rules`')
  expect(found.stdout).not.toContain('all are equal')
  await users().updateOne({ _id: new ObjectId(hex(0)) }, { $set: { name: 'User 0' } })
})

test('a group of another type is told by that', async () => {
  const message = 'No one group of Movie begins with 3fa9: 3fa93fa93fa9 is of User.'
  expect(await run('repair', 'Movie', '--group', '3fa9')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(message),
  })
})

test('a bug stays open, and is told as one', async () => {
  expect(await run('mismatches', 'triage', '3fa9', 'bug', '--why', 'names are lost')).toMatchObject({ code: 0 })
  expect(await json('mismatches', 'list')).toMatchObject({ groups: [{ isBug: true }], covered: [] })
  expect((await run('mismatches', 'list')).stdout).toMatch(/bug +–$/m)
})

test.each([
  [['triage', '3fa9', 'accepted', '--why', 'x'], 2, 'What is accepted has an end: say --until 30d, or a date.'],
  [['triage', '3fa9', 'bug', '--why', 'x', '--until', '3d'], 2, 'A bug makes no rule'],
  [['triage', '3fa9', 'fine', '--why', 'x'], 1, 'It must be bug, accepted, noise.'],
  [['triage', 'ffff', 'bug', '--why', 'x'], 2, 'No one group begins with ffff; see `crossfade mismatches list`.'],
  [['rules', '--drop', 'ffff', '--why', 'x'], 2, 'No one rule begins with ffff; see `crossfade mismatches rules`.'],
  [['rules', '--drop', 'ffff'], 2, 'Say --why the rule is dropped.'],
])('mismatches %j is refused', async (args, code, message) => {
  expect(await run('mismatches', ...args)).toMatchObject({ code, stderr: expect.stringContaining(message) })
})

test('recheck reads the records now, shows no value, and closes a group of which all agree', {
  timeout: ms,
}, async () => {
  await users().updateOne({ _id: new ObjectId(hex(0)) }, { $set: { name: 'Changed' } })
  const still = await run('mismatches', 'recheck', '3fa9')
  expect(still).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(new RegExp(`^${hex(0)} +still differs +content in name$`, 'm')),
  })
  expect(still.stdout).toMatch(new RegExp(`^${hex(1)} +agrees$`, 'm'))
  expect(still.stdout).not.toContain('Changed')
  expect(still.stderr).not.toMatch(/All agree|Ask the API again/)
  expect(await run('mismatches', 'recheck', '3fa9', '--close')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('3fa93fa93fa9 was not closed: 1 of its 2 examples are not known to agree.'),
  })
  expect(await findings().groups()).toHaveLength(1)
  await users().updateOne({ _id: new ObjectId(hex(0)) }, { $set: { name: 'User 0' } })
  expect(await run('mismatches', 'recheck', '3fa9', '--close')).toMatchObject({ code: 0 })
  expect(await findings().groups('closed')).toMatchObject([
    { closedWhy: 'all of its 2 examples agreed when they were looked at again' },
  ])
})

test('a read that one store refuses is closed by hand, or accepted where it is to stay', { timeout: ms }, async () => {
  const key = {
    fingerprint: 'e0e0e0e0e0e0',
    type: 'User',
    resolver: 'Query.users',
    kind: 'error',
    path: '51091',
  } as const
  const example = { subject: '{}', id: null, agoMs: 0, example: { args: {}, control: null, candidate: {} } }
  await findings().add({ ...nothingSeen, groups: [{ ...key, count: 2, firstMs: 0, lastMs: 0, examples: [example] }] })
  const remedy = /Ask the API again: .*`crossfade mismatches close e0e0e0e0e0e0 --why .* triage e0e0e0e0e0e0 accepted /
  const untold = await run('mismatches', 'recheck', 'e0e0')
  expect(untold).toMatchObject({ code: 2, stderr: expect.stringMatching(remedy) })
  const refused = await run('mismatches', 'recheck', 'e0e0', '--close')
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(remedy) })
  const accepted = await run('mismatches', 'triage', 'e0e0', 'accepted', '--until', '90d', '--why', 'as MongoDB has it')
  expect(accepted).toMatchObject({ code: 0, stderr: expect.stringContaining('where Query.users reads it') })
  expect(await findings().groups()).toMatchObject([{ fingerprint: '3fa93fa93fa9' }])
  expect(await run('mismatches', 'close', 'e0e0', '--why', 'the field is gone')).toMatchObject({ code: 0 })
  expect(await findings().groups('closed')).toMatchObject([{ fingerprint: 'e0e0e0e0e0e0' }])
})

test('coverage tells what clients ask for and nobody compared, first; what was compared before says nothing', {
  timeout: ms,
}, async () => {
  const User = typeOf(entities, 'User')
  const { flag } = (await readFlag(opened.stores.mongo.ledger, 'User'))!
  const row = (path: string, compared: number, change: Partial<SeenCoverage> = {}): SeenCoverage => ({
    type: 'User',
    mapping: mappingDigest(User),
    epoch: flag.epoch,
    resolver: 'Query.user',
    path,
    read: 9,
    compared,
    matched: compared,
    repeated: 0,
    flapped: 0,
    agoMs: compared > 0 ? 0 : null,
    ...change,
  })
  await findings().add({ ...nothingSeen, coverage: [row('name', 4), row('email', 3, { mapping: 'another' })] })
  const proved = await run('coverage', 'User')
  expect(proved.code).toBe(0)
  expect(proved.stdout).toContain('all of what they asked for was compared')
  const before = await json('coverage', 'User')
  expect(before.fields.find(({ field }: { field: string }) => field === 'email').readBy).toEqual([])
  await findings().add({
    ...nothingSeen,
    coverage: [row('email', 0), row('', 2, { resolver: 'Query.users.totalCount' })],
  })
  const found = await run('coverage', 'User')
  expect(found.code).toBe(2)
  expect(found.stdout.split('\n')[0]).toMatch(
    /^User: clients asked for 2 of the contract's \d+ fields; 1 were asked for and not compared$/,
  )
  expect(found.stdout.split('\n')[2]).toMatch(/^email +Query.user +9 +0 +0 +– +never$/)
  expect(found.stdout).toMatch(/^name +Query.user +9 +4 +4 +– +\d{4}-/m)
  expect(found.stdout).toMatch(/^\(whole result\) +Query.users.totalCount +9 +2 +2 +– +\d{4}-/m)
})
