import { Comment } from '../schema/comment.ts'
import { encodeId } from '../src/stores/mongo/codec/encode.ts'
import type { MongoConnection } from '../src/stores/mongo/connection.ts'
import type { PostgresConnection } from '../src/stores/postgres/connection.ts'

type Db = MongoConnection['db']
type Pool = PostgresConnection['pool']

/** One comment, written to both stores as one would by hand: the store that counts first, then the other one. */
export type WriteByHand = (id: string) => Promise<void>

const mongoName = 'comments_by_hand'

/** Tables of their own: those of a type refuse what would miss the protocol. */
export async function prepareByHand(db: Db, pool: Pool): Promise<void> {
  await db.createCollection(mongoName)
  await pool.query(`create table ${mongoName} (like comments including all)`)
}

export const valuesOf = (id: string) => ({
  name: 'Ada',
  email: 'ada@example.org',
  text: `written as ${id}`,
  date: new Date('2024-05-01T10:00:00Z'),
  movieId: '573a1390f29313caabcd4135',
})

export function writeByHand(db: Db, pool: Pool, first: 'mongo' | 'postgres'): WriteByHand {
  const collection = db.collection(mongoName, { writeConcern: { w: 'majority', journal: true } })
  const inMongo = async (id: string): Promise<void> => {
    const { movieId, ...values } = valuesOf(id)
    await collection.insertOne({ _id: encodeId(Comment, id) as never, ...values, movie_id: encodeId(Comment, movieId) })
  }
  const inPostgres = async (id: string): Promise<void> => {
    const { name, email, text, date, movieId } = valuesOf(id)
    const insert = `insert into ${mongoName} (id, name, email, text, date, movie_id) values ($1, $2, $3, $4, $5, $6)`
    await pool.query({ name: 'by-hand', text: insert, values: [id, name, email, text, date, movieId] })
  }
  const [one, other] = first === 'mongo' ? [inMongo, inPostgres] : [inPostgres, inMongo]
  return async (id) => {
    await one(id)
    await other(id)
  }
}

/** How many of the second store's writes are missing. */
export async function lostByHand(db: Db, pool: Pool): Promise<number> {
  const ids = (
    await db
      .collection(mongoName)
      .find({}, { projection: { _id: 1 } })
      .toArray()
  ).map(({ _id }) => `${_id}`)
  const { rows } = await pool.query<{ id: string }>(`select id from ${mongoName}`)
  const there = new Set(rows.map(({ id }) => id))
  const both = ids.filter((id) => there.has(id)).length
  return ids.length - both + (there.size - both)
}
