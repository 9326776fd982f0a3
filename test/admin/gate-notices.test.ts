import { defineEntity, int, text } from 'crossfade'
import { connection, createBuilder, entityType } from 'crossfade/pothos'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GateNotices } from '../../src/admin/gate-notices.ts'
import type { Notice } from '../../src/control/notices.ts'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

const Note = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: int(), fields: { text: text() } })

const builder = createBuilder()
entityType(builder, Note)
builder.queryType({ fields: (t) => ({ notes: connection(t, Note) }) })
const app = { schema: builder.toSchema(), entities: [Note], gates: { comparisons: 10 } }

let api: SmallGateway
const [told, logged]: [Notice[], string[]] = [[], []]

const open = () =>
  new GateNotices({
    app,
    stores: api.stores,
    notices: { send: (notice) => told.push(notice) },
    log: (_, line) => logged.push(line),
  })

beforeAll(async () => {
  api = await openSmallGateway(app.schema, Note, [{ _id: 1, text: 'a' }])
})
afterAll(() => api?.close())

test('a gate that was met and is not any more is told once, by one gateway', async () => {
  const { findings } = api.stores.postgres
  const basis = { type: 'Note', mapping: mappingDigest(Note), epoch: api.gateway.routing.flags.get('Note').epoch }
  const ours = open()
  await ours.look()
  expect(told).toEqual([]) // it was never met
  await findings.add({ ...nothingSeen, verdicts: [{ ...basis, verdict: 'matched', count: 10 }] })
  await ours.look()
  expect(told).toEqual([])

  const found = { type: 'Note', resolver: 'Query.notes', kind: 'divergence', path: 'text', count: 3 } as const
  const group = { ...found, fingerprint: 'abc', firstMs: 0, lastMs: 0, examples: [] }
  await findings.add({ ...nothingSeen, groups: [group] })
  await open().look()
  expect(told).toEqual([]) // another gateway looks
  await ours.look()
  expect(told).toMatchObject([{ event: 'gate.lost', type: 'Note', facts: { gate: 'compared' } }])
  expect(told[0]!.text).toMatch(/^Note has lost a gate of its next stage, compared: /)
  await ours.look()
  expect(told).toHaveLength(1)

  // What was met for one stage was never met for another
  await findings.close('abc', 'mended', 'Ann')
  await ours.look()
  await api.setStage('live')
  await api.setStage('rampdown')
  await ours.look()
  expect([told.length, logged]).toEqual([1, []])
})
