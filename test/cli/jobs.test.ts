import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { sql } from 'kysely'
import { Decimal128, type Document, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { raiseFlag, readFlag } from '../../src/control/flag-store.ts'
import { conflictLog } from '../../src/mirror/conflicts.ts'
import { deadLetterKind } from '../../src/mirror/dead-letters.ts'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { runCommand } from '../support/run-command.ts'
import { changeUnseen } from '../support/stores.ts'

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
  const { mongo, postgres } = opened.stores
  for (const type of ['User', 'Theater']) {
    const { flag } = (await readFlag(mongo.ledger, type))!
    for (const { ledger } of [mongo, postgres])
      await raiseFlag(ledger, { ...flag, stage: 'dualwrite', revision: flag.revision + 1 })
  }
})
afterAll(() => opened.close())

const run = (...args: string[]) => runCommand(args, opened.env)
const hex = (n: number): string => n.toString(16).padStart(24, '0')
const insert = (collection: string, documents: readonly Document[]) =>
  opened.stores.mongo.connection.db.collection(collection).insertMany([...documents])

describe('issues', () => {
  test('there are none at first', async () => {
    const none = { code: 0, stdout: '', stderr: expect.stringMatching(/^There are no issues\.$/m) }
    expect(await run('issues', 'list')).toMatchObject(none)
  })

  test('are listed with their ids after a backfill, and shown with what was stored', async () => {
    await insert('theaters', [
      { _id: new ObjectId(hex(1)), theaterId: 1 },
      { _id: new ObjectId(hex(2)), theaterId: 'the second' },
      { _id: new ObjectId(hex(3)), theaterId: 2.5 },
      { _id: new ObjectId(hex(4)), theaterId: Decimal128.fromString('4') },
    ])
    const plan = { type: 'Theater', from: 'mongo', to: 'postgres', total: 4, seen: null }
    const planned = await run('backfill', 'Theater', '--dry-run', '--json')
    expect([planned.code, JSON.parse(planned.stdout)]).toEqual([0, [plan]])
    expect((await run('backfill', 'Theater', '--dry-run')).stderr).toContain(
      'Theater: would copy about 4 records of mongo to postgres, from the beginning; `crossfade verify Theater` tells',
    )
    expect(await opened.stores.postgres.ledger.get('backfill', 'Theater')).toBeNull()
    expect(await run('backfill', 'Theater', '--dry-run', '--pause')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--dry-run is of a copy: leave out --pause, --resume and --limit.'),
    })
    const copied = await run('backfill', 'Theater', '--json')
    expect(copied).toMatchObject({ code: 0 })
    expect(JSON.parse(copied.stdout)).toMatchObject([{ type: 'Theater', seen: 4, copied: 4, done: true }])
    const line = 'Backfill is complete. There are 2 data issues: `crossfade issues list Theater` shows them.'
    expect(copied.stderr.trimEnd().split('\n').at(-1)).toBe(line)
    expect(await run('backfill', 'Theater')).toMatchObject({ code: 0, stderr: expect.stringContaining(`${line}\n`) })
    const both = await run('backfill')
    expect(both.stderr).toMatch(/There are 2 data issues: `crossfade issues list` shows them\.$/m)
    expect((await run('backfill', 'User')).stderr).toMatch(/^Backfill is complete\.$/m)
    const listed = await run('issues', 'list', 'Theater', '--json')
    expect(listed.code).toBe(2)
    const open = { group: expect.stringMatching(/^[0-9a-f]{12}$/), accepted: null }
    expect(JSON.parse(listed.stdout)).toEqual([
      { type: 'Theater', path: 'theaterId', rule: 'is not a whole number', count: 1, ids: [hex(3)], ...open },
      {
        type: 'Theater',
        path: 'theaterId',
        rule: 'is not a whole number of 32 bits',
        count: 1,
        ids: [hex(2)],
        ...open,
      },
    ])
    const shown = await run('issues', 'show', 'Theater', hex(2))
    expect(shown).toMatchObject({ code: 2, stdout: expect.stringContaining('"the second"') })
    expect(await run('issues', 'show', 'Theater', hex(1))).toMatchObject({ code: 0, stdout: '' })
  })

  test('records that cannot be mirrored are among them, with the reason', async () => {
    const letter = {
      reason: 'it is larger than the 16 MB that MongoDB allows',
      by: [],
      version: '1.7',
      tries: 3,
      next: 0,
    }
    await opened.stores.postgres.ledger.compareAndSet(deadLetterKind, `Theater/${hex(9)}`, null, letter)
    const listed = JSON.parse((await run('issues', 'list', 'Theater', '--json')).stdout) as unknown[]
    expect(listed[0]).toEqual({
      type: 'Theater',
      path: '(cannot be mirrored)',
      rule: 'it is larger than the 16 MB that MongoDB allows',
      count: 1,
      ids: [hex(9)],
      group: null,
      accepted: null,
    })
    expect((await run('issues', 'show', 'Theater', hex(9))).stdout).toContain('version 1.7, tried 3 times')
  })

  test('a letter in a form of another version is told all the same', async () => {
    const key = `Theater/${hex(8)}`
    await opened.stores.postgres.ledger.compareAndSet(deadLetterKind, key, null, { reason: 7, next: 'never' })
    const shown = await run('issues', 'show', 'Theater', hex(8))
    expect(shown).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^cannot be mirrored: kept in a form that this version does not know/),
    })
    await opened.stores.postgres.ledger.remove(deadLetterKind, key)
  })

  test('values of fields that the mapping marks are hidden, and so is a document that has such a field', async () => {
    await insert('users', [
      { _id: new ObjectId(hex(1)), name: 'Ann', email: 'ann@example.org', password: { secret: 'zebra' } },
      { _id: 'odd', name: 'Bob', email: 'b@example.org', password: 'zebra' },
    ] as never[])
    // A document without a record is kept out
    const kept = { code: 2, stderr: expect.stringMatching(/^Backfill is complete\. There are \d data issues: /m) }
    expect(await run('backfill', 'User')).toMatchObject(kept)
    expect(await run('backfill', 'User', '--json')).toMatchObject(kept)
    for (const id of [hex(1), 'odd']) {
      const { stdout, code } = await run('issues', 'show', 'User', id)
      expect(code).toBe(2)
      expect(stdout).toContain('[redacted]')
      expect(stdout).not.toContain('zebra')
    }
  })

  test.each([
    [['issues', 'list', 'Nobody'], 'There is no type Nobody; there are Movie, '],
    [['issues', 'show', 'Nobody', '1'], 'There is no type Nobody; there are Movie, '],
    [['conflicts', 'list', 'Nobody'], 'There is no type Nobody; there are Movie, '],
    [['backfill', 'Nobody'], 'There is no type Nobody; there are Movie, '],
    [['stage', 'history', 'Nobody'], 'There is no type Nobody; there are Movie, '],
    [['verify', 'all', 'Movie'], '`all` stands for every type: name no other beside it.'],
    [['stage', 'set', 'Movie', 'nope'], 'There is no stage nope; there are off, dualwrite, '],
    [['backfill', 'Movie'], 'Movie is off: writes do not reach PostgreSQL: `stage set` it to dualwrite first.'],
  ])('%j is refused', async (args, message) => {
    expect(await run(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
  })
})

describe('`all` stands for every type', () => {
  test.each([['evidence'], ['erd'], ['issues', 'list'], ['mirror', 'dead-letters', 'list'], ['stage', 'history']])(
    'for %s %s as no name does',
    async (...args) => {
      const [none, all] = [await run(...args, '--json'), await run(...args, 'all', '--json')]
      expect(all.stderr).not.toContain('There is no type all')
      // When evidence was looked at is of no matter
      const [shown, asNone] = [all, none].map(({ stdout }) => stdout.replace(/"at": ".*"/g, ''))
      expect([all.code, shown]).toEqual([none.code, asNone])
    },
  )

  test('for verify and backfill: those that have a mirror', async () => {
    const copied = await run('backfill', 'all', '--json')
    expect(JSON.parse(copied.stdout).map(({ type }: { type: string }) => type)).toEqual(['User', 'Theater'])
    const verified = await run('verify', 'all', '--json')
    expect(JSON.parse(verified.stdout).map(({ type }: { type: string }) => type)).toEqual(['User', 'Theater'])
  })

  test('for a pause of copies, which is said of each by name otherwise', async () => {
    const paused = await run('backfill', 'all', '--pause', '--json')
    expect(JSON.parse(paused.stdout)).toHaveLength(4)
    expect(await run('backfill', '--pause')).toMatchObject({ code: 2 })
    expect(await run('backfill', 'all', '--resume')).toMatchObject({ code: 0 })
  })

  test('for coverage, which prints a list then', async () => {
    const { stdout } = await run('coverage', 'all', '--json')
    expect(JSON.parse(stdout).map(({ type }: { type: string }) => type)).toEqual([
      'Movie',
      'Comment',
      'User',
      'Theater',
    ])
    expect(JSON.parse((await run('coverage', 'User', '--json')).stdout)).toMatchObject({ type: 'User' })
  })
})

test.each(['0', '-1', 'x', '0.5', '1e300'])('a batch of %s is refused before anything is asked', async (batch) => {
  expect(await run('backfill', 'Theater', '--batch', batch)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('It must be a whole number between 1 and 10000.'),
  })
})

test('conflicts list shows the rows that another backfill replaced, and hides what the mapping marks', {
  timeout: 120_000, // six commands, each a process of its own
}, async () => {
  const none = { code: 0, stdout: '', stderr: expect.stringMatching(/^No replaced copy of Theater is open\.$/m) }
  expect(await run('conflicts', 'list', 'Theater')).toMatchObject(none)
  await changeUnseen(
    opened.stores,
    sql`update theaters set theater_id = 77 where id = ${hex(1)}`,
    sql`update users set name = 'Zed' where id = ${hex(1)}`,
  )
  const codes = [(await run('backfill', 'Theater')).code, (await run('backfill', 'User')).code]
  expect(codes).toEqual([0, 2]) // a user has no record
  const kept = JSON.parse((await run('conflicts', 'list', 'Theater', '--json')).stdout) as unknown[]
  expect(kept).toMatchObject([{ id: hex(1), mirror: 'postgres', record: { theaterId: 77 } }])
  const users = await run('conflicts', 'list', 'User', '--limit', '1')
  expect(users.stdout).toMatch(
    new RegExp(`^${hex(1)} \\(.*\\): postgres had .*\\n {2}{"id":"${hex(1)}".*"name":"\\[redacted\\]"`),
  )
  expect(users.stdout).not.toContain('Zed')
})

test('conflicts list tells of a copy that another version has kept in another form, and shows none of it', async () => {
  await opened.stores.mongo.ledger.append(conflictLog, `Theater/${hex(5)}`, { copy: { theaterId: 4711 } })
  const { code, stdout } = await run('conflicts', 'list', 'Theater', '--limit', '1')
  expect({ code, stdout }).toEqual({
    code: 2, // it is open
    stdout: expect.stringMatching(
      new RegExp(`^${hex(5)} \\(.*\\): .*\\n {2}"\\(kept in a form that this version does not know\\)"\\n$`),
    ),
  })
  expect(stdout).not.toContain('4711')
})

test('Ctrl-C ends a backfill whose store hangs, and another can begin', { timeout: 120_000 }, async () => {
  await insert(
    'theaters',
    Array.from({ length: 3_000 }, (_, n) => ({ _id: new ObjectId(hex(1_000 + n)), theaterId: 1_000 + n })),
  )
  const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
  const lock = await opened.stores.postgres.connection.pool.connect()
  try {
    const args = ['--conditions=@crossfade/source', main, 'backfill', 'Theater', '--batch', '100']
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...opened.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    child.stderr.on('data', (chunk: Buffer) => {
      text += String(chunk)
    })
    while (!text.includes('"job"')) await once(child.stderr, 'data') // it has begun
    await lock.query('begin; lock table theaters in access exclusive mode')
    child.kill('SIGINT')
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(130)
    expect(text).toContain('Stopped. Run it again to go on from here.')
  } finally {
    await lock.query('rollback')
    lock.release()
  }
  const again = await run('backfill', 'Theater', '--json')
  expect(JSON.parse(again.stdout)).toMatchObject([{ type: 'Theater', seen: 3_004, done: true }])
})
