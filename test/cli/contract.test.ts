import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runCommand } from '../support/run-command.ts'

const sdl = readFileSync('schema/schema.graphql', 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'crossfade-contract-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Checks the contract of this repository, or of another app, against one that is committed as `text`. */
async function check(text: string, operations: Record<string, string> = {}, ...app: string[]) {
  const own = mkdtempSync(join(folder, 'one-'))
  mkdirSync(join(own, 'operations'))
  writeFileSync(join(own, 'schema.graphql'), text)
  for (const [name, operation] of Object.entries(operations)) writeFileSync(join(own, 'operations', name), operation)
  const args = ['--sdl', join(own, 'schema.graphql'), '--operations', join(own, 'operations')]
  const { code, stderr } = await runCommand(['contract', 'check', ...args, ...app], {})
  return { code, stderr: stderr.replaceAll(`${own}/`, '') }
}

test('the committed contract is what the code builds, in whatever order it is written', async () => {
  expect(await check(sdl)).toEqual({ code: 0, stderr: 'schema.graphql is what the code builds.\n' })
  const turned = sdl.split(/\n\n(?=(?:"""|type|input|enum|scalar))/).reverse()
  expect(turned.length).toBeGreaterThan(10)
  expect(await check(turned.join('\n\n'))).toEqual({ code: 0, stderr: 'schema.graphql is what the code builds.\n' })
})

test('another contract is refused, with the lines that differ', async () => {
  const other = sdl.replace('  metacritic: Int\n', '  metascore: Int\n')
  expect(other).not.toBe(sdl)
  expect(await check(other)).toEqual({
    code: 2,
    stderr:
      'schema.graphql is not what the code builds. Where that is meant, run `crossfade contract write`.\n  - metascore: Int\n  + metacritic: Int\n',
  })
})

test('operations of clients must fit, and are told by file and line', async () => {
  const found = await check(sdl, {
    'a.graphql': 'query A { movies { totalCount } }',
    'b.graphql': 'query B {\n  movies { total }\n}',
    'c.gql': '{ movies',
  })
  expect(found).toEqual({
    code: 2,
    stderr: [
      'operations/b.graphql:2: Cannot query field "total" on type "MovieConnection".',
      'operations/c.gql: Syntax Error: Expected Name, found <EOF>.',
      '',
    ].join('\n'),
  })
})

test('a fragment may stand in another file, and a folder may be named like one', async () => {
  const found = await check(sdl, {
    'a.graphql': 'query A { movies { edges { node { ...Card } } } }',
    'card.graphql': 'fragment Card on Movie { title }',
    'lone.graphql': 'fragment Lone on Movie { titel }',
  })
  expect(found.stderr).toBe(
    'operations/lone.graphql:1: Cannot query field "titel" on type "Movie". Did you mean "title", "rated", or "type"?\n',
  )
})

test.each(['', '"""A time.""" '])('words of ours for a scalar need not stand where there is %j', async (own) => {
  const text = `${own}scalar DateTime type Event { at: DateTime id: ID! } type Query { event(id: ID!): Event }`
  const config = new URL('dated-app/crossfade.config.ts', import.meta.url).pathname
  expect(await check(text, {}, '--config', config)).toMatchObject({ code: 0 })
})

test('what an app says of a scalar in words of its own is part of its contract', async () => {
  const silent = sdl.replace(/"""\nISO 8601[^"]*"""\n/, '')
  expect(silent).not.toBe(sdl)
  expect(await check(silent)).toMatchObject({ code: 2, stderr: expect.stringContaining('  + ISO 8601 in UTC') })
})

test('how the lines of the committed contract end does not matter', async () => {
  expect(await check(`\uFEFF${sdl.replaceAll('\n', '\r\n')}`)).toEqual({
    code: 0,
    stderr: 'schema.graphql is what the code builds.\n',
  })
})

test('a folder of operations that is named and not there is told', async () => {
  const said = await runCommand(['contract', 'check', '--operations', 'schema/operatoins'], {})
  expect(said).toMatchObject({ code: 1, stderr: 'There is no folder schema/operatoins.\n' })
})

test('a place where no contract can be written is told', async () => {
  const said = await runCommand(['contract', 'write', '--sdl', join(folder, 'none', 'a.graphql')], {})
  expect(said.code).toBe(1)
  expect(said.stderr).toMatch(/a\.graphql cannot be written: ENOENT.*\n$/)
  expect(said.stderr.trim().split('\n')).toHaveLength(1)
})

test('a contract that is none, or is not there, is told so', async () => {
  expect(await check('type Query {')).toEqual({
    code: 1,
    stderr: 'schema.graphql is no schema: Syntax Error: Expected Name, found <EOF>.\n',
  })
  const { code, stderr } = await runCommand(['contract', 'check', '--sdl', join(folder, 'none.graphql')], {})
  expect(code).toBe(1)
  expect(stderr).toContain('`crossfade contract write` makes it.')
})

test('an app that no gateway would start with is refused', async () => {
  const config = new URL('needy-app/crossfade.config.ts', import.meta.url).pathname
  const found = await check('type Query { event(id: ID!): String }', {}, '--config', config)
  expect(found.code).toBe(1)
  expect(found.stderr).toContain('Event.loud is no field of the mapping of Event, and does not say what it reads')
})
