import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'graphql'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { switchRecord } from '../../src/replay/record-switch.ts'
import { type Executed, Recorder, type RecorderOptions } from '../../src/replay/recorder.ts'
import { contractHash } from '../../src/replay/recording.ts'
import { expireRecordings, recordingFiles, recordingsIn } from '../../src/replay/recordings.ts'
import { Patient, schema } from '../gateway/patients.ts'

let dataDir: string
const logged: string[] = []
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'crossfade-record-'))
  logged.length = 0
})
afterEach(() => rmSync(dataDir, { recursive: true }))

function recorderOf(changed: Partial<RecorderOptions> = {}): Recorder {
  const log = (_: string, message: string): void => void logged.push(message)
  const always = { schema, entities: [Patient], dataDir, instance: 'a-gateway', maxAgeMs: 86_400_000, log }
  return new Recorder({ ...always, percent: 100, ...changed })
}

const executed = (query: string, variables = {}, bytes = 100): Executed => ({
  document: parse(query),
  operationName: undefined,
  variables,
  bytes,
})
const asked = 'query Ward($w: String) { patients(filter: { ward: { eq: $w } }) { totalCount } }'

async function lines(): Promise<Record<string, unknown>[]> {
  const files = await recordingFiles(recordingsIn(dataDir))
  return files.flatMap(({ path }) => readFileSync(path, 'utf8').trim().split('\n')).map((line) => JSON.parse(line))
}

test('a recording begins with its format and contract, holds operations, and says what is not in it', async () => {
  const recorder = recorderOf()
  recorder.offer(executed(asked, { w: 'EAST' }))
  recorder.offer(executed('mutation { write(id: 1, body: "OBRIEN") { id } }'))
  recorder.offer(executed(asked, { w: 'x' }, 5_000_000))
  await recorder.stop()
  const at = expect.any(String)
  expect(await lines()).toEqual([
    { crossfade: 'recording', format: 1, contract: contractHash(schema), instance: 'a-gateway', at },
    { at, name: 'Ward', query: expect.stringContaining('query Ward'), variables: { w: 'EAST' } },
    { at, leftOut: { mutations: 1, 'too large': 1 } },
  ])
  const [file] = readdirSync(recordingsIn(dataDir))
  expect(statSync(join(recordingsIn(dataDir), file!)).mode & 0o777).toBe(0o600)
})

test('what the contract refuses is not recorded: a value in the wrong place is of a field that nobody knows', async () => {
  const recorder = recorderOf()
  const first = 'query ($n: Int) { patients(first: $n) { totalCount } }'
  recorder.offer(executed(first, { n: 'OBRIEN' }))
  recorder.offer(executed('query ($f: PatientFilter) { patients(filter: $f) { totalCount } }', { f: { OBRIEN: 1 } }))
  recorder.offer(executed(first, { n: 3 }))
  await recorder.stop()
  const said = await lines()
  expect(said.slice(1)).toMatchObject([{ name: null }, { leftOut: { refused: 2 } }])
  expect(JSON.stringify(said)).not.toContain('OBRIEN')
})

test('what waits is bounded; the rest is left out and counted', async () => {
  const recorder = recorderOf()
  for (let n = 0; n < 700; n++) recorder.offer(executed(asked, { w: `${n}` }))
  for (let n = 0; n < 30; n++) recorder.offer(executed(asked, { w: `${n}` }, 900_000))
  await recorder.flush()
  const found = await lines()
  expect(found.filter(({ query }) => query)).toHaveLength(500)
  expect(found.at(-1)).toMatchObject({ leftOut: { 'no room': 230 } })
  recorder.offer(executed(asked))
  await recorder.stop()
  expect((await lines()).filter(({ query }) => query)).toHaveLength(501)
})

test('nothing is recorded by default, or longer than a command has said', async () => {
  const recorder = recorderOf({ percent: undefined })
  const share = async (): Promise<number> => {
    await recorder.flush()
    recorder.offer(executed(asked))
    await recorder.flush()
    return (await lines()).filter(({ query }) => query).length
  }
  expect(await share()).toBe(0)
  const later = (ms: number): string => new Date(Date.now() + ms).toISOString()
  switchRecord(dataDir, { percent: 100, until: later(60_000) })
  expect(await share()).toBe(1)
  switchRecord(dataDir, { percent: 100, until: later(-1) })
  expect(await share()).toBe(1)
  switchRecord(dataDir, { percent: 100, until: later(60_000) })
  expect(await share()).toBe(2)
  switchRecord(dataDir, null)
  expect(await share()).toBe(2)
  writeFileSync(join(dataDir, 'record.json'), '{"percent": 100, "un')
  expect(await share()).toBe(2)
  await recorder.stop()
})

test('a recording is followed by the next, and the oldest go, by size and by age', async () => {
  const recorder = recorderOf({ maxBytes: 20_000 })
  for (let n = 0; n < 40; n++) {
    recorder.offer(executed(asked, { w: 'x'.repeat(900) }))
    await recorder.flush()
  }
  await recorder.stop()
  const folder = recordingsIn(dataDir)
  const files = await recordingFiles(folder)
  expect(files.length).toBeGreaterThan(3)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  expect(bytes).toBeGreaterThan(10_000)
  expect(bytes).toBeLessThan(22_000)
  const [oldest] = files
  utimesSync(oldest!.path, 1, 1)
  expect(await expireRecordings(folder, { bytes: 1e9, ageMs: 86_400_000 })).toBe(1)
  expect((await recordingFiles(folder)).map(({ path }) => path)).toEqual(files.slice(1).map(({ path }) => path))
})

test('a file that is taken away begins anew with its header, and a disk that fails is told and counted', async () => {
  const recorder = recorderOf()
  recorder.offer(executed(asked))
  await recorder.flush()
  rmSync(recordingsIn(dataDir), { recursive: true })
  recorder.offer(executed(asked))
  await recorder.flush()
  recorder.offer(executed(asked))
  await recorder.stop()
  expect(await lines()).toEqual([
    expect.objectContaining({ crossfade: 'recording' }),
    expect.objectContaining({ name: 'Ward' }),
    expect.objectContaining({ leftOut: { failed: 1 } }),
  ])
  expect(logged).toEqual([expect.stringMatching(/^Operations were not recorded: ENOENT/)])
})
