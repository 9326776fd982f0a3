import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import config from '../../crossfade.config.ts'
import { Movie } from '../../schema/movie.ts'
import { headerOf } from '../../src/replay/recording.ts'
import type { Replayed } from '../../src/replay/replayed.ts'
import { type CommandStores, inDualwrite, openCommandStores } from '../support/command-stores.ts'
import { runCommand } from '../support/run-command.ts'
import { changeUnseen } from '../support/stores.ts'

let opened: CommandStores
let file: string
const ids = Array.from({ length: 5 }, () => new ObjectId().toHexString())
beforeAll(async () => {
  opened = await openCommandStores()
  const { stores, env } = opened
  await stores.mongo.connection
    .collection(Movie)
    .insertMany(ids.map((id, n) => ({ _id: new ObjectId(id), title: `film ${n}`, year: 1990 + n }) as never))
  await inDualwrite(opened, 'Movie')
  await inDualwrite(opened, 'Comment')
  expect(await runCommand(['backfill', 'Movie'], env)).toMatchObject({ code: 0 })
  file = join(env.CROSSFADE_DATA_DIR, 'monday.jsonl')
})
afterAll(() => opened.close())

const header = headerOf(config.schema, 'a-gateway')
const operation = (query: string, variables = {}) => ({
  at: header.at,
  name: /query (\w+)/.exec(query)?.[1] ?? null,
  query,
  variables,
})
const title = (id: string) => operation('query Title($id: ID!) { movie(id: $id) { id title year } }', { id })
const comments = operation(
  'query Comments { movies(first: 1) { edges { node { comments(first: 1) { totalCount } } } } }',
)

const write = (...lines: readonly (object | string)[]): void =>
  writeFileSync(file, lines.map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`)).join(''))

async function replayed(...args: string[]): Promise<{ code: number; found: Replayed; stderr: string }> {
  const { code, stdout, stderr } = await runCommand(['replay', file, '--json', ...args], opened.env)
  return { code, found: stdout === '' ? ({} as Replayed) : JSON.parse(stdout), stderr }
}

test('equal stores end with 0, one that differs with 2, with path, id and where it was recorded', async () => {
  write(header, ...ids.map(title))
  expect(await replayed()).toMatchObject({ code: 0, found: { compared: 5, equal: 5, different: 0 } })
  await changeUnseen(opened.stores, sql`update movies set title = 'another' where id = ${ids[3]!}`)
  const { code, stdout, stderr } = await runCommand(['replay', file], opened.env)
  expect(code).toBe(2)
  expect(stdout).toContain('Title movie.title: value, 1 time\n')
  expect(stdout).toContain(
    `  ${file}:5, movie.title\n    mongo: "film 3"\n    postgres: "another"\n    Movie ${ids[3]}: title (`,
  )
  expect(stderr).toContain('5 operations compared between mongo and postgres: 4 equal, 1 different.')
  await changeUnseen(opened.stores, sql`update movies set title = 'film 3' where id = ${ids[3]!}`)
})

test('a type that is not kept equal is refused with its name, and believed where one says so', async () => {
  write(header, title(ids[0]!), comments)
  const { code, found } = await replayed()
  expect([code, found.compared, found.skipped.stale]).toEqual([2, 1, { Comment: 1 }])
  const { stderr } = await runCommand(['replay', file], opened.env)
  expect(stderr).toContain(
    "1 read Comment, of which one store's copy is not kept equal: see `crossfade backfill Comment`",
  )
  expect(await replayed('--stale')).toMatchObject({ code: 0, found: { compared: 2, equal: 2 } })
})

test('a recording that was made elsewhere, torn or tampered with tells each line that it could not use', async () => {
  const torn = JSON.stringify(title(ids[1]!)).slice(0, 40)
  write(
    { ...header, contract: 'another' },
    title(ids[0]!),
    { ...title(ids[0]!), admin: 1 },
    'PK\0\n',
    operation('{ gone }'),
    torn,
  )
  const { code, stderr } = await runCommand(['replay', file], opened.env)
  expect(code).toBe(2) // lines that cannot be read are no evidence, whatever the others show
  expect(stderr.split('\n')).toEqual(
    expect.arrayContaining([
      'Recorded under another contract: what does not fit the one of today is left out.',
      `${file}:3: it has members that it should not have, or lacks some.`,
      `${file}:4: it is no JSON.`,
      `${file}:6: it is cut off.`,
      '1 do not fit the contract of today.',
      '2 lines cannot be read.',
    ]),
  )
  write(header, title(ids[0]!), torn) // as a gateway does just now
  expect(await replayed()).toMatchObject({ code: 0, found: { unreadable: 0, problems: [{ text: 'it is cut off.' }] } })
})

test('where nothing could be compared the end is 1, with the reason', async () => {
  write(header, operation('mutation Change { nothing }'))
  expect(await replayed()).toMatchObject({ code: 1, found: { compared: 0, skipped: { unfit: 1 } } })
  write(header)
  expect(await replayed()).toMatchObject({ code: 1, found: { compared: 0 } })
  write('no recording')
  expect(await replayed()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${file}: it does not begin as a recording of this version does.`),
  })
  write(header, title(ids[0]!))
  expect(await replayed('--against', 'http://127.0.0.1:1/graphql')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('127.0.0.1:1 does not answer'),
  })
})

test('what selects a field alone is asked, of all that the data directory has recorded where no file is named', async () => {
  const { env } = opened
  const none = await runCommand(['replay'], env)
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('`crossfade record start` begins to.')])
  write(header, title(ids[0]!), operation('query Names { movies(first: 2) { edges { node { title } } } }'))
  const folder = join(env.CROSSFADE_DATA_DIR, 'recordings')
  mkdirSync(folder, { recursive: true })
  copyFileSync(file, join(folder, 'monday.jsonl'))
  const asked = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand(['replay', '--json', ...args], env)
    return { code, found: stdout === '' ? null : (JSON.parse(stdout) as Replayed), stderr }
  }
  expect(await asked()).toMatchObject({ code: 0, found: { compared: 2, skipped: { others: 0 } } })
  expect(await asked('--field', 'Query.movies')).toMatchObject({
    code: 0,
    found: { compared: 1, skipped: { others: 1 } },
  })
  expect(await asked('--field', 'Query.movis')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('The contract has no field Query.movis. Did you mean "Query.movie"?'),
  })
  rmSync(folder, { recursive: true })
})

test('recording is turned on and off over the data directory, and its files are listed', async () => {
  const { env } = opened
  const said = join(env.CROSSFADE_DATA_DIR, 'record.json')
  const started = await runCommand(['record', 'start', '--percent', '5', '--for', '30m', '--json'], env)
  const { until, percent } = JSON.parse(started.stdout) as { until: string; percent: number }
  expect([percent, Math.round((Date.parse(until) - Date.now()) / 60_000)]).toEqual([5, 30])
  expect(existsSync(said)).toBe(true)
  mkdirSync(join(env.CROSSFADE_DATA_DIR, 'recordings'))
  writeFileSync(join(env.CROSSFADE_DATA_DIR, 'recordings', 'a.jsonl'), 'x')
  const status = await runCommand(['record', 'status', '--json'], env)
  expect(JSON.parse(status.stdout)).toMatchObject({ recording: { percent: 5 }, files: [{ bytes: 1 }] })
  expect((await runCommand(['record', 'stop'], env)).stderr).toMatch(/^Stopped\./)
  expect(existsSync(said)).toBe(false)
  rmSync(join(env.CROSSFADE_DATA_DIR, 'recordings'), { recursive: true })
})

test.each([
  [['record', 'start', '--for', '5y'], /90s, 30m, 4h or 2d/],
  [['replay', 'x', '--against', 'file:///etc'], /an address as https/],
  [['replay', 'x', '--header', 'nothing'], /authorization/],
])('%j is refused with what is expected', async (args, told) => {
  const { code, stderr } = await runCommand(args, opened.env)
  expect([code, told.test(stderr)]).toEqual([1, true])
})
