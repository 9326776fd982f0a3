import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkRanks } from './ranks.ts'

const PROJECT = join(import.meta.dirname, '..')
/** Fewer modules than this means that the check looked in the wrong place. */
const LEAST_MODULES = 40

const planted: string[] = []
afterAll(() => {
  for (const root of planted) rmSync(root, { recursive: true })
})

/** A tree of these modules, and empty ones wherever one of them points by a relative path. */
function plant(modules: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'crossfade-ranks-'))
  planted.push(root)
  const write = (path: string, source: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), source)
  }
  write('src/index.ts', '')
  write('src/pothos.ts', '')
  for (const [path, source] of Object.entries(modules)) {
    for (const [, target] of source.matchAll(/'(\.[^']+\.ts)'/g)) write(join(dirname(path), target!), '')
  }
  for (const [path, source] of Object.entries(modules)) write(path, source)
  return checkRanks(root).violations
}

test('the project keeps its ranks', () => {
  const { modules, violations } = checkRanks(PROJECT)
  expect(violations).toEqual([])
  expect(modules).toBeGreaterThanOrEqual(LEAST_MODULES)
})

test('an empty tree has no modules, so a check of the wrong place is noticed', () => {
  const root = mkdtempSync(join(tmpdir(), 'crossfade-ranks-'))
  planted.push(root)
  expect(checkRanks(root)).toEqual({ modules: 0, violations: [] })
})

describe('what the ranks allow', () => {
  test.each([
    ['the own room', 'src/util/a.ts', "import './b.ts'"],
    ['a lower rank', 'src/gateway/a.ts', "import { a } from '../stores/mongo/a.ts'"],
    ['the public entry reaching up to the gateway', 'src/index.ts', "export { a } from './gateway/a.ts'"],
    ['cli with everything below', 'src/cli/a.ts', "import '../admin/a.ts'; await import('../embedded/a.ts')"],
    [
      'embedded with util and the databases',
      'src/embedded/a.ts',
      "import '../util/a.ts'; import 'pg'; import 'mongodb'",
    ],
    ['a store with its driver', 'src/stores/postgres/a.ts', "import type { Kysely } from 'kysely'; import 'pg'"],
    ['a store with what stores share', 'src/stores/mongo/a.ts', "import '../store.ts'; import 'mongodb'"],
    ['schema with every entry point', 'schema/a.ts', "import 'crossfade'; import 'crossfade/pothos'; import './b.ts'"],
    ['resolvers with schema', 'resolvers/a.ts', "import 'crossfade'; import '../schema/a.ts'"],
    ['the kit with its library', 'src/contract/a.ts', "import '@pothos/core'; import '../resolve/a.ts'"],
    [
      'packages whose names begin like a driver',
      'src/util/a.ts',
      "import 'pg-types'; import 'mongodb-memory-server-core'",
    ],
    ['migrations with kysely', 'migrations/0001.ts', "import { sql } from 'kysely'"],
    ['an example with the package', 'examples/sdl-first/a.ts', "import 'crossfade'; import './b.ts'; import 'graphql'"],
  ])('%s', (_, module, source) => {
    expect(plant({ [module]: source })).toEqual([])
  })
})

describe('what the ranks forbid', () => {
  test.each([
    ['a higher rank', 'src/codec/a.ts', "import { a } from '../entity/a.ts'", 'codec ranks below entity'],
    ['a type from a higher rank', 'src/util/a.ts', "import type { A } from '../codec/a.ts'", 'util ranks below codec'],
    ['a peer', 'src/stage/a.ts', "import { a } from '../compare/a.ts'", 'stage and compare are peers'],
    ['a peer by re-export', 'src/mirror/a.ts', "export * from '../shadow/a.ts'", 'mirror and shadow are peers'],
    ['questions that know stores', 'src/query/a.ts', "import '../stores/a.ts'", 'query ranks below stores'],
    ['loaders that know Pothos', 'src/resolve/a.ts', "import '@pothos/core'", 'only under src/contract, schema, bench'],
    ['loaders that know its kit', 'src/resolve/a.ts', "import '../contract/a.ts'", 'resolve ranks below contract'],
    ['an entry that shows Pothos', 'src/index.ts', "import './contract/a.ts'", 'it shows nothing of contract'],
    [
      'schema with resolvers',
      'schema/a.ts',
      "import '../resolvers/a.ts'",
      'schema imports crossfade, packages and schema only',
    ],
    ['cli with main', 'src/cli/a.ts', "import '../main.ts'", 'cli and main are peers'],
    ['a room without a rank', 'src/helpers/a.ts', "import '../util/a.ts'", 'room helpers has no rank'],
    ['a room without a rank, to itself', 'src/helpers/a.ts', "import './b.ts'", 'room helpers has no rank'],
    ['embedded above util', 'src/embedded/a.ts', "import '../codec/a.ts'", 'embedded imports util only'],
    ['embedded from below cli', 'src/jobs/a.ts', "import '../embedded/a.ts'", 'only cli imports embedded'],
    ['the public entry from inside', 'src/main.ts', "import './index.ts'", 'src/index.ts is for users of the package'],
    [
      'the package by name from inside',
      'src/cli/a.ts',
      "import 'crossfade'",
      'src/index.ts is for users of the package',
    ],
    ['a way out of src', 'src/cli/a.ts', "await import('../../schema/a.ts')", 'src imports nothing beside itself'],
    [
      'one store from its twin',
      'src/stores/mongo/a.ts',
      "import '../postgres/a.ts'",
      'stores/mongo and stores/postgres are twins',
    ],
    [
      'a store from what stores share',
      'src/stores/a.ts',
      "import './mongo/a.ts'",
      'what stores share imports neither of them',
    ],
    [
      'mongodb out of place',
      'src/jobs/a.ts',
      "import type { Db } from 'mongodb'",
      'only under src/stores/mongo, src/embedded, src/demo, bench',
    ],
    [
      'mongodb in the other store',
      'src/stores/postgres/a.ts',
      "import 'mongodb'",
      'only under src/stores/mongo, src/embedded, src/demo, bench',
    ],
    [
      'pg out of place',
      'demo/a.ts',
      "import pg from 'pg'",
      'only under src/stores/postgres, migrations, src/embedded, bench',
    ],
    [
      'part of kysely',
      'schema/a.ts',
      "import 'kysely/helpers/postgres'",
      'only under src/stores/postgres, migrations, src/embedded, examples/sdl-first/migrations, examples/shop/migrations',
    ],
    [
      'src from schema',
      'schema/a.ts',
      "import '../src/util/a.ts'",
      'schema imports crossfade, packages and schema only',
    ],
    [
      'the entry by path',
      'resolvers/a.ts',
      "import type { A } from '../src/index.ts'",
      'resolvers imports crossfade, packages and schema, resolvers only',
    ],
    [
      'a private part of the package',
      'schema/a.ts',
      "import 'crossfade/src/util/a.ts'",
      'only relative paths, packages and crossfade can be checked',
    ],
    [
      'the kit in an example that does without',
      'examples/sdl-first/a.ts',
      "import { entityType } from 'crossfade/pothos'",
      'examples/sdl-first/ does without it',
    ],
    ['its library there', 'examples/sdl-first/a.ts', "import '@pothos/core'", 'only under src/contract, schema, bench'],
    [
      'an example with the API of this repository',
      'examples/sdl-first/a.ts',
      "import '../../schema/a.ts'",
      'examples imports crossfade, packages and examples only',
    ],
    ['a path without its ending', 'src/util/a.ts', "import './b'", 'no such file'],
  ])('%s', (_, module, source, fault) => {
    const specifier = /'([^']+)'/.exec(source)?.[1]
    expect(plant({ [module]: source })).toEqual([`${module} imports ${specifier}: ${fault}`])
  })

  test('a cycle, though one of its imports is of a type only', () => {
    const violations = plant({
      'src/util/a.ts': "import { b } from './b.ts'",
      'src/util/b.ts': "import { c } from './c.ts'",
      'src/util/c.ts': "import type { A } from './a.ts'",
    })
    expect(violations).toEqual(['src/util/a.ts → src/util/b.ts → src/util/c.ts → src/util/a.ts'])
  })

  test('a cycle in schema, and one through the package', () => {
    expect(plant({ 'schema/a.ts': "import './b.ts'", 'schema/b.ts': "export * from './a.ts'" })).toEqual([
      'schema/a.ts → schema/b.ts → schema/a.ts',
    ])
    expect(plant({ 'src/index.ts': "import '../schema/a.ts'", 'schema/a.ts': "import 'crossfade'" })).toEqual([
      'src/index.ts imports ../schema/a.ts: src imports nothing beside itself',
      'schema/a.ts → src/index.ts → schema/a.ts',
    ])
  })

  test('a module that cannot be scanned', () => {
    expect(plant({ 'src/util/a.ts': 'const open = {\n\nconst text = `' })).toEqual([
      "src/util/a.ts can't be scanned at line 3",
    ])
  })
})
