import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { runCommand } from '../support/run-command.ts'

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
})
afterAll(() => opened?.close())

const lastLine = ({ stderr }: { stderr: string }): string | undefined => stderr.trim().split('\n').at(-1)

test('in production no empty store stands in for one that is not named', async () => {
  const env = { NODE_ENV: 'production', MONGODB_URI: opened.env['MONGODB_URI']!, DATABASE_URL: '' }
  const said = await runCommand(['serve'], { ...env, DATABASE_URL: undefined as never })
  expect(said).toMatchObject({ code: 1, stdout: '' })
  expect(said.stderr).toBe(
    'DATABASE_URL is not set. Under NODE_ENV=production no store of ours is started in its place.\n',
  )
})

test('a port that is taken is told by number, with what to do, and nothing else', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const said = await runCommand(['serve'], { ...opened.env, PORT: String(port) })
    expect(said.code).toBe(1)
    expect(lastLine(said)).toBe(`127.0.0.1:${port} is taken. Set PORT to another, or to 0 for a free one.`)
    expect(said.stderr).not.toMatch(/EADDRINUSE|after calling end|must be connected/)
  } finally {
    server.close()
  }
})

test.each([
  ['abc', 'expected a whole number'],
  ['-1', 'expected a whole number'],
  ['65536', 'expected at most 65535'],
])('PORT=%s is told with what was expected', async (PORT, expected) => {
  const said = await runCommand(['serve'], { ...opened.env, PORT })
  expect(said).toMatchObject({ code: 1, stderr: `The environment does not fit: PORT: ${expected}\n` })
})

test.each([
  ['mismatches', 'close', '3fa9', '--why', ' '],
  ['mismatches', 'triage', '3fa9', 'bug', '--why', 'x', '--by', ''],
  ['evidence', 'Movie', '--sign', ''],
  ['stage', 'reset', 'Movie', '--stage', 'off', '--why', ''],
])('a name or a reason that says nothing is refused: %s %s', async (...args) => {
  const said = await runCommand(args, opened.env)
  expect(said).toMatchObject({ code: 1, stderr: expect.stringContaining('It must say something: it is kept.') })
})

test('a type that no migration makes a table for is told so, with the command that writes one', async () => {
  const folder = mkdtempSync(join(import.meta.dirname, '.config-'))
  try {
    const config = join(folder, 'crossfade.config.ts')
    writeFileSync(
      config,
      `import { defineConfig, defineEntity, objectId, text } from 'crossfade'
       import { connection, createBuilder, entityType } from 'crossfade/pothos'
       const Box = defineEntity('Box', { mongo: 'boxes', postgres: 'boxes', id: objectId(), fields: { a: text() } })
       const builder = createBuilder()
       entityType(builder, Box)
       builder.queryType({ fields: (t) => ({ boxes: connection(t, Box) }) })
       export default defineConfig({ schema: builder.toSchema(), entities: [Box], migrations: {} })`,
    )
    const said = await runCommand(['migrate', 'up', '--config', config], opened.env)
    expect(said.code).toBe(1)
    expect(lastLine(said)).toBe(
      'No migration makes boxes. Run `crossfade migrate new NAME`, and name what it writes in crossfade.config.ts.',
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the kill switch kills no type that there is not, and says which there are', async () => {
  const said = await runCommand(['stage', 'kill', 'Nope'], opened.env)
  expect(said).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'There is no type Nope; there are Movie, Comment, User, Theater.\n',
  })
  expect(JSON.parse((await runCommand(['stage', 'kill', 'Movie', '--json'], opened.env)).stdout)).toEqual({
    killed: ['Movie'],
    file: join(opened.env['CROSSFADE_DATA_DIR']!, 'killed.json'),
    stores: ['mongo', 'postgres'],
    peers: [],
  })
  const undone = await runCommand(['stage', 'kill', 'Movie', '--undo', '--here'], opened.env)
  expect(undone.stderr).toBe(`Nothing is killed any more in ${opened.env['CROSSFADE_DATA_DIR']}.\n`)
})

test('while the kill switch is on, lists and moves say so, where it is, and what ends it', {
  timeout: 180_000,
}, async () => {
  await runCommand(['stage', 'kill'], opened.env)
  const text = `Killed: all. Gateways whose data directory is ${opened.env['CROSSFADE_DATA_DIR']} see it within a second; \`crossfade stage kill --undo\` lets the flags rule again.`
  for (const args of [
    ['stage', 'list'],
    ['stage', 'set', 'Movie'],
  ])
    expect((await runCommand(args, opened.env)).stderr).toContain(text)
  await runCommand(['stage', 'kill', '--undo'], opened.env)
  expect((await runCommand(['stage', 'list'], opened.env)).stderr).not.toContain('Killed')
})

test('a kill where no gateway ever was says that', async () => {
  const CROSSFADE_DATA_DIR = join(opened.env['CROSSFADE_DATA_DIR']!, 'elsewhere')
  const said = await runCommand(['stage', 'kill', 'Movie'], { ...opened.env, CROSSFADE_DATA_DIR })
  expect(said.stderr).toContain(`There was no ${CROSSFADE_DATA_DIR}, so that no gateway has it for its data directory`)
})

test('the kill switch works where the configuration is broken, and says what it did not check', async () => {
  const said = await runCommand(['stage', 'kill', 'Movie', '--config', 'gone.ts'], opened.env)
  expect(said.code).toBe(0)
  expect(said.stderr).toMatch(/^The name is not checked: gone\.ts cannot be loaded/)
  expect(said.stderr).toMatch(/Killed: Movie\./)
  await runCommand(['stage', 'kill', 'Movie', '--undo'], opened.env)
})

test('a stage that there is not is told in one line, before a store is asked', async () => {
  const said = await runCommand(['stage', 'set', 'Movie', 'nonsense'], {
    ...opened.env,
    MONGODB_URI: 'mongodb://127.0.0.1:9/x',
  })
  const stderr = 'There is no stage nonsense; there are off, dualwrite, shadow, live, rampdown, complete.\n'
  expect(said).toMatchObject({ code: 2, stdout: '', stderr })
})
