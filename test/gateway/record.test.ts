import { readFileSync } from 'node:fs'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordingFiles, recordingsIn } from '../../src/replay/recordings.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'
import { Patient, patients, schema } from './patients.ts'

let api: SmallGateway
let dataDir = ''
beforeAll(async () => {
  api = await openAppGateway(
    { schema, entities: [Patient], migrations: {}, record: { percent: 100 } },
    new Map([[Patient, patients as unknown as Document[]]]),
    {
      log: (_level, _message, fields) => {
        dataDir ||= ((fields ?? {}) as { dataDir?: string }).dataDir ?? ''
      },
    },
  )
})
afterAll(() => api.close())

async function recorded(): Promise<string> {
  const files = await recordingFiles(recordingsIn(dataDir))
  return files.map(({ path }) => readFileSync(path, 'utf8')).join('')
}

test('what clients ask is recorded with nothing personal in it, and what is refused is not', async () => {
  const filtered =
    'query ByName($filter: PatientFilter) { patients(filter: $filter) { edges { node { surname body } } } }'
  await api.ask(filtered, { filter: { surname: { eq: 'OBRIEN' }, ward: { eq: 'EAST' } }, more: 'OBRIEN' })
  await api.ask('query Literal { patients(filter: { ssn: { in: [123456789] }, blood: { eq: "AB" } }) { totalCount } }')
  await api.ask('query Named { named(surname: "OBRIEN", n: 5) }')
  await api.ask('mutation Change { write(id: 1, body: "OBRIEN was here") { id } }')
  await api.ask('query Wrong { nothing(surname: "OBRIEN") }')
  await api.ask('query Worse($n: Int!) { patient(id: $n) { id } }', { n: 'OBRIEN' })
  await api.ask('query Last { patients { totalCount } }')
  await expect.poll(recorded, { timeout: 20_000 }).toContain('Last')
  const text = await recorded()
  expect(text).not.toMatch(/OBRIEN|123456789|"AB"|was here/)
  interface Line {
    readonly name?: string
    readonly leftOut?: { readonly mutations?: number }
  }
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  const names = lines.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['ByName', 'Literal', 'Named', 'Last']))
  expect(names).not.toContain('Wrong')
  expect(text).toContain('"ward":{"eq":"EAST"}')
  expect(lines.reduce((sum, { leftOut }) => sum + (leftOut?.mutations ?? 0), 0)).toBe(1)
})
