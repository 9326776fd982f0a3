import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSession } from '../src/cli/session.ts'
import type { Flag } from '../src/control/flag.ts'
import { raiseFlag, readFlag } from '../src/control/flag-store.ts'
import { prepareFlags } from '../src/control/prepare-flags.ts'
import type { Entity } from '../src/entity/entity.ts'
import { adoptMappings } from '../src/jobs/adopt-mappings.ts'
import type { Stores } from '../src/routing/routing.ts'
import { prepareMongo } from '../src/stores/mongo/connection.ts'
import { migrateUp } from '../src/stores/postgres/migrate.ts'
import { schemaDrift } from '../src/stores/postgres/schema-diff.ts'
import { say } from './fixture.ts'
import { document, Flat, Nested } from './papers.ts'

async function prepare({ mongo, postgres }: Stores): Promise<void> {
  const entities = [Flat, Nested]
  await migrateUp(postgres.connection, {})
  for (const { statement } of await schemaDrift(postgres.connection, entities))
    if (statement) await postgres.connection.pool.query(statement)
  await adoptMappings(postgres, entities)
  await prepareMongo(mongo.connection, entities)
  await prepareFlags(
    { mongo: mongo.ledger, postgres: postgres.ledger },
    entities.map(({ name }) => name),
  )
}

/** Both stores with the tables of papers and nothing in them; they go when the work is done. */
export async function withPaperStores<T>(work: (stores: Stores, postgresUri: string) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-bench-'))
  process.env['CROSSFADE_DATA_DIR'] = dataDir
  const session = await openSession(undefined, say)
  try {
    await prepare(session.stores)
    return await work(session.stores, session.servers.postgres.uri)
  } finally {
    await session.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** Documents in MongoDB up to so many, and the type in dualwrite. */
export async function writePapers({ mongo, postgres }: Stores, entity: Entity, count: number): Promise<Flag> {
  const collection = mongo.connection.patient().collection(entity)
  for (let start = await collection.estimatedDocumentCount(); start < count; start += 1_000)
    await collection.insertMany(Array.from({ length: 1_000 }, (_, n) => document(entity, start + n)) as never[])
  const { flag } = (await readFlag(mongo.ledger, entity.name))!
  if (flag.stage === 'off')
    for (const { ledger } of [mongo, postgres])
      await raiseFlag(ledger, { ...flag, stage: 'dualwrite', revision: flag.revision + 1 })
  return flag
}
