import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { runCommand } from '../support/run-command.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let env: Readonly<Record<string, string>>
const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-profile-'))
const id = new ObjectId('650000000000000000000001')

beforeAll(async () => {
  stores = await openStores([])
  const { db } = stores.mongo.connection
  await db.collection('users').insertMany([
    { _id: id, name: 'Ann', email: 'ann@example.com', password: Buffer.from('secret') },
    { _id: new ObjectId(), name: 7, email: 'bob@example.com', password: 'x' },
  ])
  await db.collection('theaters').insertOne({ theaterId: 1, '<b>\u001b[31m</b><svg>': '<script>alert(1)</script>' })
  await db.collection('comments').insertMany(Array.from({ length: 500 }, (_, n) => ({ text: `t ${n}` })))
  const [{ name }] = (await stores.postgres.connection.run(sql`select current_database() as name`)) as [
    { name: string },
  ]
  const [mongoUri, databaseUrl] = [new URL(inject('mongoUri')), new URL(inject('databaseUrl'))]
  mongoUri.pathname = `/${db.databaseName}`
  databaseUrl.pathname = `/${name}`
  env = { MONGODB_URI: mongoUri.href, DATABASE_URL: databaseUrl.href, CROSSFADE_DATA_DIR: dataDir }
})
afterAll(async () => {
  await stores.close()
  rmSync(dataDir, { recursive: true, force: true })
})

test('profile tells what the documents hold, and differs where an answer would', async () => {
  const { stdout, stderr, code } = await runCommand(['profile', 'User'], env)
  expect(stdout).toMatch(/^User: 2 documents\n\nfield +kind +missing +null +own kind +coerced +refused +otherwise\n/)
  expect(stdout).toMatch(/^name +text +0 % +0 +1 +1 +0 +0$/m)
  expect(stdout).toMatch(/^password +text +0 % +0 +1 +0 +1 +1$/m)
  expect(stdout).toContain('  2 of objectId, such as {"$oid":"')
  expect(stdout).toContain('  name: coerced\n    1 of int, such as one that is hidden in {"$oid":"')
  expect(stdout).toContain(
    '  password: answers otherwise than today\n    1 of binData, such as one that is hidden in {"$oid":"650000000000000000000001"}\n',
  )
  expect(stdout).not.toContain(Buffer.from('secret').toString('base64'))
  expect(stderr).toMatch(/^\{"job":"profile","type":"User","read":2,"total":2,"rate":\d+,"secondsLeft":0\}$/m)
  expect(code).toBe(2)
})

test('profile prints no line of more than 100 columns but code, and no sign that a terminal obeys', async () => {
  const { stdout } = await runCommand(['profile', 'Theater'], env)
  const [told, code] = stdout.split('\nFields of the mapping of Theater that would fit better\n')
  expect(told!.split('\n').filter((each) => each.length > 100)).toEqual([])
  expect(stdout.match(/\p{Cc}/gu)?.filter((sign) => sign !== '\n')).toEqual([])
  expect(told).toContain('\\u001b[31m')
  expect(code).toContain('b31mBSvg: text().at("<b>\\u001b[31m</b><svg>"),')
})

test('profile writes a page whose markup no document can change, and which loads nothing', async () => {
  const file = join(dataDir, 'theater.html')
  const { stdout, stderr, code } = await runCommand(['profile', 'Theater', '--html', file, '--json'], env)
  expect([code, stderr]).toEqual([0, expect.stringContaining(`The page is in ${file}.`)])
  expect(JSON.parse(stdout).unmapped[0].path).toBe('<b>\u001b[31m</b><svg>')
  const page = readFileSync(file, 'utf8')
  expect(page).toContain('&lt;b&gt;\\u001b[31m&lt;/b&gt;&lt;svg&gt;: string')
  expect(page).not.toContain('<b>\\u001b')
  const tags = new Set([...page.matchAll(/<\/?([a-z][\w]*)/gi)].map(([, name]) => name!.toLowerCase()))
  const ours = 'html head meta title style body h1 h2 p div span b ul li table tr th td svg rect g text line pre'.split(
    ' ',
  )
  expect([...tags].filter((name) => !ours.includes(name))).toEqual([])
  expect(page).not.toMatch(/ (src|href|on\w+)=/i)
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
})

test('profile hides sensitive fields in its page and its JSON, too', async () => {
  const file = join(dataDir, 'user.html')
  const { stdout } = await runCommand(['profile', 'User', '--html', file, '--json'], env)
  const page = readFileSync(file, 'utf8')
  expect(page).toContain('(hidden)')
  for (const text of [stdout, page]) {
    for (const secret of ['Ann', 'ann@example.com', Buffer.from('secret').toString('base64')])
      expect(text).not.toContain(secret)
  }
})

test('profile that cannot write its page says so', async () => {
  const said = await runCommand(['profile', 'Theater', '--html', '/nowhere/page.html'], env)
  expect([said.code, said.stderr]).toEqual([1, expect.stringContaining('/nowhere/page.html cannot be written')])
})

test('profile ends at Ctrl-C, however slowly it was told to read', async () => {
  const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
  const args = ['--conditions=@crossfade/source', main, 'profile', 'Comment', '--rate', '1']
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  child.stderr.on('data', (chunk: Buffer) => {
    text += String(chunk)
  })
  while (!text.includes('"job"')) await once(child.stderr, 'data') // it has begun, and has minutes to go
  child.kill('SIGINT')
  const [code] = (await once(child, 'exit')) as [number]
  expect([code, text]).toEqual([130, expect.stringContaining('Stopped: nothing was written.')])
})

test.each([
  ['--rate', '0'],
  ['--sample', 'all'],
  ['--read-preference', 'third'],
])('profile refuses %s %s', async (option, value) => {
  const said = await runCommand(['profile', 'Theater', option, value], env)
  expect([said.code, said.stderr]).toEqual([1, expect.stringContaining(`error: option '${option}`)])
})

test('profile of clean documents ends well, as JSON and of a sample, too', async () => {
  const { stdout, code } = await runCommand(['profile', 'Theater', '--json', '--sample', '5'], env)
  expect(JSON.parse(stdout)).toMatchObject({ type: 'Theater', documents: 1, ids: [{ type: 'objectId', record: true }] })
  expect(code).toBe(0)
})

test('profile says which types there are, and shows an example first', async () => {
  const [unknown, help] = [await runCommand(['profile', 'Usher'], env), await runCommand(['profile', '--help'], env)]
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('There is no type Usher; there are')])
  expect(help.stdout).toMatch(/^Example:\n {2}crossfade profile Movie --sample 10000\n/)
})
