import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CommandStores, inDualwrite, openCommandStores } from '../support/command-stores.ts'
import { runCommand } from '../support/run-command.ts'

let opened: CommandStores
const hex = (n: number): string => (1_600_000_000 + n).toString(16) + '0'.repeat(16)
const users = () => opened.stores.mongo.connection.db.collection('users')

beforeAll(async () => {
  opened = await openCommandStores()
  const documents = Array.from({ length: 30 }, (_, n) => ({
    _id: new ObjectId(hex(n)),
    name: `User ${n}`,
    email: `${n}@example.org`,
    password: 'zebra',
  }))
  await users().insertMany(documents)
  await inDualwrite(opened, 'User')
  expect(await run('backfill', 'User')).toMatchObject({ code: 0 })
})
afterAll(() => opened.close())

const run = (...args: string[]) => runCommand(args, opened.env)

test('two stores that are equal end with 0, and a part is told to be one', async () => {
  const whole = await run('verify', 'User')
  expect(whole).toMatchObject({ code: 0, stdout: expect.stringContaining('User: all are equal, with their versions') })
  const part = await run('verify', 'User', '--since', new Date(1_600_000_010_000).toISOString())
  expect(part).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('User: 20 records of mongo were held against'),
  })
  expect(part.stdout).toContain('User: this was a part of the type: ids made since 2020-09-13T12:26:50.000Z.')
  expect(part.stdout).toContain('User: those are equal')
  expect(part.stdout).not.toContain('all are equal')
  const { stdout } = await run('verify', 'User', '--where', '{"name":{"eq":"User 3"}}', '--json')
  expect(JSON.parse(stdout)).toMatchObject([{ compared: 1, asked: { where: { op: 'eq', path: 'name' } } }])
})

test('what compares nothing proves nothing', async () => {
  const nobody = await run('verify', 'User', '--where', '{"name":{"eq":"Usre 3"}}')
  expect(nobody).toMatchObject({ code: 2, stdout: expect.stringContaining('so that nothing was compared') })
  expect(nobody.stdout).not.toContain('equal')
  const other = await openCommandStores()
  try {
    const said = await runCommand(['verify'], other.env)
    expect(said).toMatchObject({ code: 2, stderr: expect.stringContaining('No type has a mirror.') })
  } finally {
    await other.close()
  }
})

test('other members than the primary are read where that is asked for', async () => {
  const found = await run('verify', 'User', '--read-preference', 'nearest')
  expect(found).toMatchObject({ code: 0, stdout: expect.stringContaining('User: all are equal, with their versions') })
  expect(await run('backfill', 'User', '--read-preference', 'secondaryPreferred')).toMatchObject({ code: 0 })
  const unknown = await run('verify', 'User', '--read-preference', 'replica')
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('Allowed choices are primary,') })
})

test('progress is a JSON line elsewhere than on a terminal, with rate and time left', async () => {
  const { stderr } = await run('verify', 'User')
  const [line] = stderr.split('\n').filter((each) => each.startsWith('{'))
  expect(JSON.parse(line!)).toMatchObject({ job: 'verify', type: 'User', total: 30, perSecond: expect.any(Number) })
})

test.each([
  [['--sample', '100%'], 1, 'It must be a share as 5%, below 100%, or a number of records.'],
  [['--since', 'yesterday'], 1, 'It must be a time as 2026-01-31'],
  [['--where', '[1]'], 1, 'It must be JSON by record paths'],
  [['--where', '{"nmae":{"eq":"x"}}'], 1, 'The filter of User has no field "nmae". Did you mean "name"?'],
  [['--where', '{"name":{"eq":5}}'], 2, '5 is not a valid text'],
])('verify User %j is refused', async (args, code, message) => {
  expect(await run('verify', 'User', ...args)).toMatchObject({ code, stderr: expect.stringContaining(message) })
})

test('what differs ends with 2, is shown by repair with what is hidden hidden, and is repaired with --yes', {
  timeout: 180_000,
}, async () => {
  await users().updateOne({ _id: new ObjectId(hex(4)) }, { $set: { name: 'Changed', password: 'lion' } })
  const found = await run('verify', 'User')
  expect(found).toMatchObject({ code: 2, stdout: expect.stringMatching(/^User: group [0-9a-f]{12}: 1 content in /m) })
  expect(found.stdout).toContain('content in name, password (versions: never written and never written)\n')
  expect(found.stdout).toContain('`crossfade repair User` shows how they differ')
  const [group] = /(?<=group )[0-9a-f]{12}/.exec(found.stdout)!
  expect(await run('mismatches', 'show', group)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      `No one group begins with ${group}: it is one of the last verify of User, whose records \`crossfade repair User --group ${group}\` shows.`,
    ),
  })

  const dry = await run('repair', 'User')
  expect(dry.code).toBe(2)
  expect(dry.stdout).toContain('User: 1 of 1 records, chosen by the verify of')
  expect(dry.stdout).toContain('(versions: mongo never written, postgres never written)')
  expect(dry.stdout).toContain('password: "[redacted]" against "[redacted]"')
  expect(dry.stdout).not.toMatch(/zebra|lion|Changed/)
  expect(await run('repair', 'User', '--id', hex(4), '--json')).toMatchObject({ code: 2 })
  expect(await run('verify', 'User')).toMatchObject({ code: 2 })

  const done = await run('repair', 'User', '--yes')
  expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('1 were put, 0 removed from postgres') })
  expect(await run('verify', 'User')).toMatchObject({ code: 0 })
  expect(await run('repair', 'User')).toMatchObject({ code: 0 })
  const history = JSON.parse((await run('repair', 'User', '--history', '--json')).stdout) as { value: object }[]
  expect(history.map(({ value }) => value)).toMatchObject([
    { by: expect.stringMatching(/.@./), unequal: 1, put: 1 },
    { began: true, records: 1 },
  ])
})

test('what a repair has replaced can be written back through the authority', async () => {
  const listed = await run('conflicts', 'list', 'User', '--json')
  const [kept] = JSON.parse(listed.stdout) as { conflict: string; id: string }[]
  expect(kept).toMatchObject({ id: hex(4), mirror: 'postgres' })
  expect(
    await run('conflicts', 'resolve', 'User', kept!.conflict, '--keep', 'mirror', '--why', 'the repair was wrong'),
  ).toMatchObject({ code: 0 })
  expect(await users().findOne({ _id: new ObjectId(hex(4)) })).toMatchObject({ name: 'User 4' })
})

test.each([
  [['repair', 'Movie', '--id', hex(1)], 'Movie is off: writes do not reach PostgreSQL'],
  [['repair', 'Movie'], 'Nothing is known to differ: run `crossfade verify Movie` first, or name records by --id.'],
  [['repair', 'User', '--id', 'odd'], 'User.id: '],
  [['repair', 'User', '--group', 'ffff'], 'No one group of User begins with ffff'],
  [['repair', 'User', '--group', 'ffff', '--id', hex(1)], 'Give --id, or --group, and not both'],
])('%j is refused', async (args, message) => {
  expect(await run(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
})

test('Ctrl-C ends it with a line, and nothing is kept', async () => {
  const before = await opened.stores.mongo.ledger.get('verified', 'User')
  const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@crossfade/source', main, 'verify', 'User', '--batch', '1'], {
    env: { ...process.env, ...opened.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr.on('data', (chunk) => {
    text += String(chunk)
    if (text.includes('"job":"verify"')) child.kill('SIGINT')
  })
  const [code] = await once(child, 'exit')
  if (code !== 130) return expect(code).toBe(0) // it had ended already
  expect(text).toContain('Stopped: nothing was verified.')
  expect(await opened.stores.mongo.ledger.get('verified', 'User')).toEqual(before)
})
