import { defineEntity, int, text } from 'crossfade'
import { connection, createBuilder, entityType, record } from 'crossfade/pothos'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kill } from '../../src/control/kill-file.ts'
import type { Notice } from '../../src/control/notices.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'
import { changeUnseen } from '../support/stores.ts'

const Note = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: int(), fields: { text: text() } })

const builder = createBuilder()
entityType(builder, Note)
builder.queryType({ fields: (t) => ({ note: record(t, Note), notes: connection(t, Note) }) })

let api: SmallGateway
const told: Notice[] = []
const logged: string[] = []
const patient = { timeout: 30_000 }

beforeAll(async () => {
  const documents = [
    { _id: 1, text: 'a' },
    { _id: 2, text: 'b' },
  ]
  api = await openSmallGateway(builder.toSchema(), Note, documents, {
    notices: { send: (notice) => told.push(notice) },
    log: (_, line) => logged.push(line),
  })
})
afterAll(() => api?.close())

test('a difference is told once, and again when it comes back', async () => {
  const { findings } = api.stores.postgres
  const counted = async (count: number): Promise<void> => {
    await expect.poll(async () => (await findings.groups())[0]?.count, patient).toBe(count)
  }
  await changeUnseen(api.stores, sql`update notes set text = 'x'`)
  await api.ask('{ note(id: 1) { text } }')
  await counted(1)
  await api.ask('{ note(id: 2) { text } }')
  await counted(2)
  const [group] = await findings.groups()
  const notice = {
    event: 'mismatch.new',
    type: 'Note',
    text: 'Reads of Note differ in text (divergence), read by Query.note.',
    facts: { group: group!.fingerprint, resolver: 'Query.note', kind: 'divergence', path: 'text' },
  }
  expect(told).toEqual([notice])
  await findings.close(group!.fingerprint, 'mended', 'Ann')
  await api.ask('{ note(id: 1) { text } }')
  await expect.poll(() => told, patient).toEqual([notice, notice])
})

test('a difference that a rule covers is not told', async () => {
  told.length = 0
  const { findings, triage } = api.stores.postgres
  const [group] = await findings.groups()
  const until = new Date(Date.now() + 86_400_000)
  await triage.judge(group!.fingerprint, { verdict: 'accepted', why: 'x', by: 'Ann', until, isHereOnly: false })
  await api.ask('{ notes { edges { node { text } } } }')
  const covered = async () => (await findings.groups('covered')).map(({ resolver }) => resolver).sort()
  await expect.poll(covered, patient).toEqual(['Query.note', 'Query.notes'])
  expect(told).toEqual([])
})

test('the kill switch is told when it is thrown, and when it is let go', async () => {
  told.length = 0
  kill(api.dataDir, 'Note', true)
  await expect.poll(() => told.map(({ event }) => event), patient).toEqual(['type.killed'])
  kill(api.dataDir, 'Note', false)
  await expect.poll(() => told.map(({ event }) => event), patient).toEqual(['type.killed', 'type.released'])
  expect(logged.filter((line) => line.includes('killed'))).toEqual([
    'Note is killed: its reads answer from the authority.',
    'Note is not killed any more: its flag rules.',
  ])
})

test('a gateway logs the stage that somebody has changed', async () => {
  logged.length = 0
  await api.setStage('live')
  expect(logged).toContain('Note: shadow → live, epoch 3')
})
