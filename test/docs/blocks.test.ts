import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { summaryLines } from '../../src/cli/demo/summary.ts'
import { lacking } from '../../src/stores/mongo/rights.ts'
import { runCommand } from '../support/run-command.ts'
import { openStores, type TestStores } from '../support/stores.ts'
import { blocks, root } from './blocks.ts'

const of = (...languages: string[]) =>
  blocks
    .filter(({ language }) => languages.includes(language))
    .map((block) => [`${block.document}:${block.line}`, block] as const)

test('every block is of a sort that is run here', () => {
  const known = new Set(['ts', 'sh', 'sql', 'js', 'text'])
  expect(blocks.filter(({ language }) => !known.has(language))).toEqual([])
  expect(blocks.length).toBeGreaterThanOrEqual(15)
})

describe('programs compile and load', () => {
  const documents = Map.groupBy(
    of('ts').map(([, block]) => block),
    ({ document }) => document,
  )
  test.each([...documents])('of %s', async (_, programs) => {
    const folder = mkdtempSync(join(import.meta.dirname, '.program-'))
    try {
      const files = programs.map(({ document, line, text }) => {
        const file = /^\/\/ (\S+\.ts)\n/.exec(text)?.[1]
        if (!file) throw new Error(`${document}:${line} does not name its file.`)
        writeFileSync(join(folder, file), text)
        return file
      })
      const config = { extends: '../../../tsconfig.json', include: ['*.ts'] }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
      const { stdout } = await promisify(execFile)('tsc', ['-p', folder], { cwd: root }).catch((error) => error)
      expect(stdout).toBe('')
      const load = `${files.map((file) => `await import('./${file}')`).join('\n')}
        const { builder } = await import('./${files[0]}')
        builder?.toSchema()`
      writeFileSync(join(folder, 'all.mts'), load)
      await promisify(execFile)(process.execPath, ['--conditions=@crossfade/source', join(folder, 'all.mts')])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('commands are there, with every option that is named', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }
  const lines = of('sh').flatMap(([place, { text }]) =>
    text
      .split(/\n|&&/)
      .map((line) => line.replace(/#.*/, '').trim())
      .filter((line) => line !== '')
      .map((line) => [place, line] as const),
  )
  test.each(lines)('%s: %s', async (_, line) => {
    const command = line.replace(/^([A-Z_]+=('[^']*'|\S+) )+/, '')
    if (command === 'npm ci' || command === 'npm test') return // what runs this test
    if (command.startsWith('export ')) return // the reader's own settings
    const [, script, rest = ''] = /^npm run (?:-s )?(\S+)(?: -- (.*))?$/.exec(command) ?? []
    if (script !== 'crossfade') {
      const vitest = /^npx vitest run (.*)$/.exec(command)?.[1]
      expect(vitest ?? script).toBeDefined()
      if (script) expect(Object.keys(scripts)).toContain(script)
      return
    }
    const words = rest.split(' ')
    const first = words.findIndex((word) => word.startsWith('-'))
    const { stdout, code } = await runCommand([...words.slice(0, first < 0 ? undefined : first), '--help'], {})
    expect(code).toBe(0)
    for (const option of words.filter((word) => word.startsWith('--'))) expect(stdout).toContain(option)
  })
})

describe('on the stores', () => {
  let stores: TestStores
  beforeAll(async () => {
    stores = await openStores([])
  })
  afterAll(() => stores?.close())

  test.each(of('sql'))('statements of %s are taken', async (_, { text }) => {
    const { connection } = stores.postgres
    const roles = [...text.matchAll(/crossfade_(serve|owner)/g)].map(([role]) => role)
    const [database] = await connection.run<{ name: string }>(sql`select current_database() as name`)
    const here = text.replace('database shop', `database "${database!.name}"`)
    expect(here).not.toBe(text)
    await connection.transaction(async (tx) => {
      for (const role of new Set(roles)) await tx.run(sql.raw(`create role ${role}`))
      await tx.run(sql.raw('create schema if not exists crossfade'))
      for (const statement of here.split(';').filter((each) => each.trim() !== '')) await tx.run(sql.raw(statement))
      for (const role of new Set(roles)) {
        await tx.run(sql.raw(`drop owned by ${role}`))
        await tx.run(sql.raw(`drop role ${role}`))
      }
    })
  })
})

test.each(of('js'))('the role of %s is enough for what it is for', (_, { text }) => {
  let role: { privileges: Parameters<typeof lacking>[0] } | undefined
  runInNewContext(text, { db: { createRole: (made: typeof role) => (role = made) } })
  const collections = ['movies', 'comments', '_crossfade_ledger', '_crossfade_claims', '_crossfade_log']
  const rights = ['find', 'insert', 'update', 'remove', 'createIndex', 'listIndexes'] as const
  expect(lacking(role!.privileges, 'shop', [...collections, '_crossfade_tombstones'], rights)).toEqual([])
  expect(lacking(role!.privileges, 'shop', ['movies'], ['listCollections'])).toEqual([])
  expect(lacking(role!.privileges, 'other', ['movies'], ['find'])).toHaveLength(1)
})

test.each(of('text'))('what %s shows is what the demo prints', (_, { text }) => {
  const group = { type: 'Comment', resolver: 'Query.comment', kind: 'divergence', path: 'text', count: 3 }
  const lines = summaryLines({ drift: { seeded: 10, found: 10, unexpected: 0 }, mismatchGroups: [group], types: {} })
  expect(lines.join('\n')).toContain(text.trimEnd())
})
