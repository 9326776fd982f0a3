import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { entities } from '../../../schema/index.ts'
import { type CommandStores, openCommandStores } from '../../support/command-stores.ts'
import { runCommand } from '../../support/run-command.ts'
import { copyAll } from '../../support/stores.ts'
import { tcpProxy } from '../../support/tcp-proxy.ts'

let opened: CommandStores
const folder = mkdtempSync(join(tmpdir(), 'crossfade-stores-'))
beforeAll(async () => {
  opened = await openCommandStores()
  await opened.stores.mongo.connection.db.collection('movies').insertOne({ title: 'The Hours' })
  for (const entity of entities) await copyAll(opened.stores, entity)
  writeFileSync(join(folder, 'web.graphql'), 'query Stats { genreStats { genre } }')
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await opened.close()
})

const args = ['doctor', '--operations', folder]
const nobody = '127.0.0.1:9'
const said = /does not answer: connect/ // at the start of every command
const down = {
  mongo: { MONGODB_URI: `mongodb://${nobody}/shop` },
  postgres: { DATABASE_URL: `postgresql://user@${nobody}/shop` },
}

test.each([
  ['mongo', 'MongoDB', 'postgres', 'create index concurrently "movies_runtime_id_idx"'],
  ['postgres', 'PostgreSQL', 'mongo', '-- mongosh: db.getCollection("movies").createIndex({ "runtime": 1, "_id": 1 })'],
] as const)('%s is down: one line tells it, and the other store is asked', async (origin, name, other, index) => {
  const { code, stdout, stderr } = await runCommand(args, { ...opened.env, ...down[origin] })
  expect(stderr.split('\n').filter((line) => line.includes(nobody) && !said.test(line))).toEqual([
    expect.stringMatching(new RegExp(`^${name} at ${nobody} .*See that it runs.* It was asked no further\\.$`)),
  ])
  expect(stderr).not.toMatch(/\n {4}at |was made/)
  expect(stdout).toContain(index)
  expect(stdout).toMatch(new RegExp(`^-- Stats, Query.genreStats in ${other}: `, 'm'))
  expect(stdout).not.toMatch(new RegExp(` in ${origin}: `))
  expect(code).toBe(2)
})

test('both are down: a line for each, also where JSON is printed', async () => {
  const { code, stdout } = await runCommand([...args, '--json'], { ...opened.env, ...down.mongo, ...down.postgres })
  const { problems, indexes } = JSON.parse(stdout)
  expect(problems).toEqual([expect.stringMatching(/^MongoDB at /), expect.stringMatching(/^PostgreSQL at /)])
  expect(indexes).toEqual([])
  expect(code).toBe(2)
})

test.each([
  ['DATABASE_URL', 'PostgreSQL'],
  ['MONGODB_URI', 'MongoDB'],
] as const)('%s hangs midway: it ends, without a word of changes', { timeout: 150_000 }, async (setting, name) => {
  const uri = new URL(opened.env[setting])
  const proxy = await tcpProxy(Number(uri.port))
  uri.port = String(proxy.port)
  const child = spawn(process.execPath, ['--conditions=@crossfade/source', 'src/cli/main.ts', ...args], {
    env: { ...process.env, ...opened.env, [setting]: uri.href },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let text = ''
  child.stdout.resume()
  child.stderr.on('data', (chunk: Buffer) => {
    text += String(chunk)
    if (text.includes('PostgreSQL: ')) proxy.hang(true) // the first look is over
  })
  const [code] = (await ended) as [number]
  await proxy.stop()
  expect(text).toMatch(new RegExp(`^${name} (at 127|has not answered|.*not all was explained)`, 'm'))
  expect(text).not.toMatch(/was made|before you repeat|\n {4}at /)
  expect(code).toBe(2)
})
