import { defineEntity, int, text } from 'crossfade'
import { connection, createBuilder, entityType } from 'crossfade/pothos'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GateNotices } from '../../src/admin/gate-notices.ts'
import type { Notice } from '../../src/control/notices.ts'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'
import type { Stores } from '../../src/routing/routing.ts'
import type { Ledger } from '../../src/stores/ledger.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Note = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: int(), fields: { text: text() } })
const Tag = defineEntity('Tag', { mongo: 'tags', postgres: 'tags', id: int(), fields: { name: text() } })

const builder = createBuilder()
entityType(builder, Note)
entityType(builder, Tag)
builder.queryType({ fields: (t) => ({ notes: connection(t, Note), tags: connection(t, Tag) }) })
const app = { schema: builder.toSchema(), entities: [Tag, Note], gates: { comparisons: 10 } }

let api: SmallGateway
const [told, logged]: [Notice[], string[]] = [[], []]

const open = (stores: Stores = api.stores) =>
  new GateNotices({
    app,
    stores,
    notices: { send: (notice) => told.push(notice) },
    log: (_, line) => logged.push(line),
  })

beforeAll(async () => {
  api = await openAppGateway({ ...app, migrations: {} }, new Map([[Note, [{ _id: 1, text: 'a' }]]]))
})
afterAll(() => api?.close())

test('a type whose gates cannot be read is told in the log, and keeps no other from being looked at', async () => {
  const { mongo, postgres } = api.stores
  const get: Ledger['get'] = async (kind, key) => {
    if (kind === 'backfill' && key === 'Tag') throw new Error('nobody reads this')
    return postgres.ledger.get(kind, key)
  }
  const ours = open({ mongo, postgres: { ...postgres, ledger: { ...postgres.ledger, claim: async () => true, get } } })
  await ours.look()
  expect(logged.splice(0)).toEqual(['Gates of Tag could not be looked at: nobody reads this'])
  expect(await postgres.ledger.list('gates-met')).toMatchObject([{ key: 'Note' }])
  await postgres.ledger.remove('gates-met', 'Note')
})

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
