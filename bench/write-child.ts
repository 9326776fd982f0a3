import config from '../crossfade.config.ts'
import { Comment } from '../schema/comment.ts'
import { openCrossfade } from '../src/index.ts'
import { connectMongo } from '../src/stores/mongo/connection.ts'
import { connectPostgres } from '../src/stores/postgres/connection.ts'
import { valuesOf, writeByHand } from './write-by-hand.ts'

/** Writes until it is killed, eight at a time, by hand or through the door; says when it has begun. */
const [how, mongoUri, databaseUrl, dataDir] = process.argv.slice(2) as [string, string, string, string]
const clients = 8

async function writer(): Promise<(id: string) => Promise<unknown>> {
  if (how === 'by hand') {
    const { pool } = connectPostgres({ uri: databaseUrl, poolSize: clients })
    return writeByHand(connectMongo({ uri: mongoUri }).db, pool, 'mongo')
  }
  const crossfade = await openCrossfade(config, { mongoUri, databaseUrl, dataDir })
  return (id) => crossfade.write(Comment, (tx) => tx.of(Comment).create(valuesOf(id), id))
}

const write = await writer()
await write(Comment.newId!())
process.stdout.write('writes\n')
await Promise.all(
  Array.from({ length: clients }, async () => {
    for (;;) await write(Comment.newId!())
  }),
)
