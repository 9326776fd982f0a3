import { defineEntity, int, text } from 'crossfade'
import { connection, createBuilder, entityType } from 'crossfade/pothos'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jobMetrics } from '../../src/admin/job-metrics.ts'
import { Metrics } from '../../src/admin/metrics.ts'
import { verify } from '../../src/jobs/verify.ts'
import { postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'
import { changeUnseen } from '../support/stores.ts'

const Note = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: int(), fields: { text: text() } })

const builder = createBuilder()
entityType(builder, Note)
builder.queryType({ fields: (t) => ({ notes: connection(t, Note) }) })

let api: SmallGateway
beforeAll(async () => {
  const documents = [
    { _id: 1, text: 'a' },
    { _id: 2, text: 'b' },
    { _id: 3, text: ['x'] },
  ]
  api = await openSmallGateway(builder.toSchema(), Note, documents)
})
afterAll(() => api?.close())

async function told(stores: Parameters<typeof jobMetrics>[0]): Promise<string[]> {
  const metrics = new Metrics()
  for (const each of jobMetrics(stores, [Note])) metrics.add(each)
  const text = await metrics.text()
  return text.split('\n').filter((line) => /^crossfade_(copy|verified)/.test(line))
}

test('the last copy and the last verify of a type are told, whoever ran them', async () => {
  expect(await told(api.stores)).toEqual([
    'crossfade_copy_records{type="Note",state="total"} 3',
    'crossfade_copy_records{type="Note",state="seen"} 3',
    'crossfade_copy_records{type="Note",state="copied"} 3',
    'crossfade_copy_records{type="Note",state="mended"} 0',
    'crossfade_copy_records{type="Note",state="removed"} 0',
    'crossfade_copy_records{type="Note",state="quarantined"} 0',
    'crossfade_copy_records{type="Note",state="refused"} 0',
    'crossfade_copy_processes{type="Note"} 0',
    'crossfade_copy_done{type="Note"} 1',
  ])
  await changeUnseen(api.stores, sql`delete from notes where id = 1`)
  await verify({ stores: api.stores, entity: Note })
  const lines = await told(api.stores)
  expect(lines).toContain('crossfade_verified_unequal{type="Note"} 1')
  expect(lines.find((line) => line.startsWith('crossfade_verified_age_seconds{type="Note"} '))).toBeDefined()
})

test('while PostgreSQL does not answer there are none, and no scrape fails', async () => {
  const gone = postgresStore({ uri: 'postgres://127.0.0.1:1/nothing' })
  expect(await told({ ...api.stores, postgres: gone })).toEqual([])
  await gone.close()
})
