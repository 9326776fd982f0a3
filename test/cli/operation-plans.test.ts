import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { entities } from '../../schema/index.ts'
import type { OperationPlans } from '../../src/cli/doctor/explain-operations.ts'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { runCommand, type Said } from '../support/run-command.ts'
import { copyAll } from '../support/stores.ts'

const [movie, user, comment] = ['a', 'b', 'c'].map((digit) => new ObjectId(digit.repeat(24)))
const byHand = 'Its statement is written by hand: whether an index can serve it is to be seen there.'
const secret = 'anna.secret@example.org'

let opened: CommandStores
const root = mkdtempSync(join(tmpdir(), 'crossfade-operations-'))
beforeAll(async () => {
  opened = await openCommandStores()
  const { mongo } = opened.stores
  const { db } = mongo.connection
  await db.collection('movies').insertOne({ _id: movie, title: 'The Hours', plot: 'a plot', runtime: 90, year: 1999 })
  await db.collection('users').insertOne({ _id: user, name: 'Anna Secret', email: secret })
  const said = { _id: comment, movie_id: movie, email: secret, name: 'Anna Secret', text: 'so', date: new Date(0) }
  await db.collection('comments').insertOne(said as never)
  await db.collection('movies').createIndex({ runtime: 1, _id: 1 })
  for (const entity of entities) await copyAll(opened.stores, entity)
})
afterAll(async () => {
  rmSync(root, { recursive: true })
  await opened.close()
})

/** Runs `doctor` on some operations. */
async function doctor(
  operations: string | Readonly<Record<string, string>> | null,
  { variables = '', json = false, env = {} as Readonly<Record<string, string>> } = {},
): Promise<Said & { readonly lines: readonly string[] }> {
  const folder = mkdtempSync(join(root, 'one-'))
  const files = typeof operations === 'string' ? { 'web.graphql': operations } : (operations ?? {})
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  if (variables !== '') writeFileSync(join(folder, 'web.variables.json'), variables)
  const said = await runCommand(['doctor', '--operations', folder, ...(json ? ['--json'] : [])], {
    ...opened.env,
    ...env,
  })
  const lines = said.stdout.split('\n').filter((line) => /^-- \w+, /.test(line))
  return { ...said, stderr: said.stderr.replaceAll(`${folder}/`, ''), lines: lines.map((line) => line.slice(3)) }
}

const plansIn = ({ stdout }: Said): OperationPlans =>
  (JSON.parse(stdout) as { readonly operations: OperationPlans }).operations

describe('doctor tells of each operation of clients', () => {
  test('which fields read everything in a store, and which filters do', async () => {
    const { lines, stderr } = await doctor(`
      query Stats { genreStats { genre } }
      query Found($filter: MovieFilter) { movies(filter: $filter, first: 3) { edges { node { id } } } }
      query One($id: ID!) { movie(id: $id) { title comments(first: 2) { edges { node { text } } } } }`)
    expect(lines.filter((line) => line.includes('genreStats'))).toEqual([
      `Stats, Query.genreStats in mongo: reads every document of movies: no index serves it. ${byHand}`,
      `Stats, Query.genreStats in postgres: reads every row of movies: no index serves it. ${byHand}`,
    ])
    const found = lines.filter((line) => line.startsWith('Found, Query.movies in postgres: '))
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(
      /reads every row of movies \(filter: .*plot eq, plot contains, .*title contains.*\): no index/,
    )
    // Mapped with an index, which the migration has made
    expect(found[0]).toMatch(/It filters by .*plot.*: an index can serve .*plot.*\. The rest no index can serve\.$/)
    expect(found[0]).not.toMatch(/title eq|year eq|cast has|with and without/)
    expect(lines.filter((line) => line.startsWith('One, Query.movie '))).toEqual([])
    expect(lines.filter((line) => /^One.* in postgres/.test(line))).toEqual([])
    expect(stderr).toMatch(/^MongoDB: this is SecantusDB, a stand-in: .*Do not trust/m)
    expect(stderr).toMatch(/^Explained \d{2,} statements of 3 operations: \d+ read everything, /m)
  })

  test('where PostgreSQL reads everything and MongoDB does not, which is a difference', async () => {
    const operation = (field: string) =>
      `query Shorts { movies(orderBy: [{ field: ${field}, direction: ASC }], first: 3) { edges { node { id } } } }`
    const worse = await doctor(operation('RUNTIME'), { json: true })
    expect(plansIn(worse).notes).toEqual([
      {
        operation: 'Shorts',
        field: 'Query.movies',
        store: 'postgres',
        found: 'reads everything',
        of: ['movies'],
        by: [null],
        worse: true,
        remedy: 'It orders by runtime: an index on runtime that is proposed above can serve it.',
      },
    ])
    expect(plansIn(worse).explained).toEqual({ operations: 1, statements: 2 })
    const same = plansIn(await doctor(operation('METACRITIC'), { json: true }))
    expect(same.notes.map(({ store, found, worse }) => [store, found, worse])).toEqual([
      ['mongo', 'reads everything', false],
      ['postgres', 'reads everything', false],
    ])
  })

  test('what was not reached, and no value of anybody', async () => {
    const operations = `
      query Who($email: String!) { userByEmail(email: $email) { name comments(first: 2) { edges { node { movie { title } } } } } }
      query Search($text: String!) { searchMovies(text: $text) { id comments(first: 1) { totalCount } } }
      query Lost($id: ID!) { theater(id: $id) { id } }
      query Bad { movies(first: 3, after: "no cursor") { edges { node { id } } } }`
    const { lines, stdout, stderr } = await doctor(operations)
    const missed = lines.filter((line) => line.includes('not reached'))
    expect(missed).toEqual(
      ['mongo', 'postgres'].flatMap((store) => [
        `Search, searchMovies.comments in ${store}: not reached: nothing was found above it`,
        `Lost, a part of it in ${store}: not reached: no value was made for $id: no Theater has one`,
        `Bad, movies in ${store}: not reached: its variables are refused (BAD_USER_INPUT)`,
      ]),
    )
    expect(stderr).toMatch(/, 6 parts were not reached\.$/m)
    expect(stdout + stderr).not.toMatch(/secret|Hours/i)
    // With a word that there is the same part is reached
    const { lines: reached } = await doctor(operations, {
      variables: '{ "Search": [{ "text": "none" }, { "text": "hours" }] }',
    })
    expect(reached.filter((line) => line.includes('searchMovies.comments'))).toEqual([])
  })

  test('without ever running a mutation', async () => {
    const { stderr, lines } = await doctor(`
      query Read { movies(first: 1) { edges { node { id } } } }
      mutation Rate($id: ID!) { rateMovie(id: $id, rating: 1) { movie { id } } }`)
    expect(stderr).toMatch(/statements of 1 operations/)
    expect(lines.filter((line) => line.startsWith('Rate'))).toEqual([])
    const rated = await opened.stores.mongo.connection.db.collection('movies').findOne({ _id: movie })
    expect(rated).not.toHaveProperty('imdb')
    expect(rated).not.toHaveProperty('_cf')
  })
})

describe('doctor refuses to call nothing fine', () => {
  test.each([
    [
      'a folder without queries',
      'mutation M { addGenre(id: "1", genre: "a") { movie { id } } }',
      '',
      'No statement of an operation was explained.',
    ],
    ['what is no operation', 'query {', '', 'web.graphql: Syntax Error'],
    [
      'what does not fit the contract',
      'query Q { nothing }',
      '',
      'web.graphql does not fit the contract: Cannot query field "nothing"',
    ],
    ['a folder without files of operations', null, '', 'There is no file of operations in '],
  ])('%s', async (_, operations, variables, told) => {
    const { code, stderr, stdout } = await doctor(operations, { variables })
    expect(stderr).toContain(told)
    expect(stderr).toMatch(/^Explained 0 statements of 0 operations/m)
    expect(stderr).not.toMatch(/\n {4}at /)
    expect(code).toBe(2)
    // The rest is told all the same
    expect(stdout).toContain('create index concurrently "movies_runtime_id_idx"')
  })

  test.each([
    ['of no operation', '{ "P": {}, "Q": {} }', 'there is no operation P beside it.'],
    ['of another form', '{ "Q": 1 }', 'Q: expected an object of variables, or a list of such, found a number.'],
    [
      'that are an empty list',
      '{ "Q": [] }',
      'Q: expected an object of variables, or a list of such, found an empty list.',
    ],
    ['in no object', '[]', 'expected an object with the variables of each operation by its name, found an empty list.'],
    ['in a text', '"zebra"', 'expected an object with the variables of each operation by its name, found a text.'],
    ['that are no JSON', '{\n  "Q": zebra }', 'it is no JSON from line 2, column 8 on.'],
    ['that end too soon', '{ "Q": {', 'it is no JSON from line 1, column 9 on.'],
    [
      'that nobody declares',
      '{ "Q": { "zip": "zebra" } }',
      'Q: there is no variable $zip; there are: $filter, $first.',
    ],
    ['of another type', '{ "Q": [{}, { "first": "zebra" }] }', 'Q, set 2 of 2: $first does not fit its type Int.'],
    [
      'of another type inside',
      '{ "Q": { "filter": { "year": { "eq": "zebra" } } } }',
      'Q: $filter does not fit its type MovieFilter, at $filter.year.eq.',
    ],
    [
      'that name no field',
      '{ "Q": { "filter": { "zip": "zebra" } } }',
      'Q: $filter does not fit its type MovieFilter.',
    ],
  ])('variables %s, and explains the rest', async (_, variables, told) => {
    const operations = `
      query Q($filter: MovieFilter, $first: Int) { movies(filter: $filter, first: $first) { edges { node { id } } } }
      query R { genreStats { genre } }`
    const { code, stderr, stdout, lines } = await doctor(operations, { variables })
    expect(stderr).toContain(`web.variables.json: ${told}\n`)
    expect(stderr + stdout).not.toMatch(/zebra|\n {4}at /)
    expect(stderr).toMatch(/statements of 2 operations/)
    expect(lines.some((line) => line.startsWith('R, Query.genreStats in postgres'))).toBe(true)
    expect(code).toBe(2)
  })

  test('one of several files, and two operations of one name', async () => {
    const files = {
      'a.graphql': 'query A { genreStats { genre } }',
      'b.graphql': 'query {',
      'c.graphql': 'query C { nothing }',
      'd.gql': 'query A { movies(first: 1) { edges { node { id } } } }',
      'e.graphql': 'query E { movies(first: 1) { edges { node { id } } } } query E { genreStats { genre } }',
    }
    const { code, stderr, lines } = await doctor(files)
    const [folder] = /\S+(?=a\.graphql and )/.exec(stderr) ?? ['']
    const problems = stderr.replaceAll(folder, '').split('\n')
    expect(problems).toContain(
      'A is an operation of both a.graphql and d.gql: that of a.graphql was taken. Rename one.',
    )
    expect(
      problems.filter((line) => line.startsWith('E is an operation of both e.graphql and e.graphql')),
    ).toHaveLength(1)
    expect(stderr).toMatch(/b\.graphql: Syntax Error/)
    expect(stderr).toMatch(/c\.graphql does not fit the contract/)
    expect(stderr).toMatch(/statements of 2 operations/)
    expect(lines.filter((line) => line.startsWith('A, Query.genreStats'))).toHaveLength(2)
    expect(code).toBe(2)
  })

  test('a folder that is named and not there', async () => {
    const { code, stderr } = await runCommand(['doctor', '--operations', join(root, 'nowhere')], opened.env)
    expect(stderr).toContain(`There is no folder ${join(root, 'nowhere')}.`)
    expect(code).toBe(2)
  })

  test('a folder that nobody has made, with what it is for', async () => {
    const config = new URL('../../crossfade.config.ts', import.meta.url).pathname
    const { stderr } = await runCommand(['doctor', '--config', config], opened.env, root)
    const none = 'There is no folder schema/operations, so no operation was explained. Put what your clients send there'
    expect(stderr).toContain(none)
  })

  test('a store whose user may not read', async () => {
    const { run } = opened.stores.postgres.connection
    const role = `reader_${process.pid}`
    await run(sql.raw(`create role ${role} login password 'reader'`))
    for (const schema of ['public', 'crossfade']) {
      await run(sql.raw(`grant usage on schema ${schema} to ${role}`))
      await run(sql.raw(`grant select on all tables in schema ${schema} to ${role}`))
    }
    await run(sql.raw(`revoke select on movies from ${role}`))
    const uri = new URL(opened.env.DATABASE_URL)
    Object.assign(uri, { username: role, password: 'reader' })
    try {
      const { code, stderr, lines } = await doctor('query Q { genreStats { genre } }', {
        env: { DATABASE_URL: uri.href },
      })
      expect(
        stderr.match(/^Q was not explained, nor any behind it: PostgreSQL at .*permission denied.*$/gm),
      ).toHaveLength(1)
      expect(stderr).not.toMatch(/\n {4}at /)
      expect(lines).toEqual([
        `Q, Query.genreStats in mongo: reads every document of movies: no index serves it. ${byHand}`,
      ])
      expect(code).toBe(2)
    } finally {
      await run(sql.raw(`drop owned by ${role}`))
      await run(sql.raw(`drop role ${role}`))
    }
  })
})

describe('what doctor prints', () => {
  test('may be given to psql as it is', async () => {
    const { stdout } = await doctor('query Q { genreStats { genre } }')
    const statements = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('-- '))
    expect(statements.length).toBeGreaterThan(3)
    expect(statements.filter((line) => !/^(create|alter|drop) .*;$/.test(line))).toEqual([])
  })

  test('holds the commands for MongoDB, which the line of the documentation takes out', async () => {
    const documentation = readFileSync('docs/indexes.md', 'utf8')
    const [, line] = /`crossfade doctor \| (sed [^`]+) \| mongosh "\$MONGODB_URI"`/.exec(documentation)!
    const { stdout } = await doctor('query Q { genreStats { genre } }')
    const commands = execFileSync('sh', ['-c', line!], { input: stdout, encoding: 'utf8' }).trimEnd().split('\n')
    expect(commands).toContain('db.getCollection("movies").createIndex({ "metacritic": 1, "_id": 1 })')
    expect(
      commands.filter((command) => !/^db\.getCollection\("\w+"\)\.createIndex\(\{ .* \}\)$/.test(command)),
    ).toEqual([])
  })
})
