import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Binary, Decimal128, Double, Long, ObjectId, Timestamp } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { entities } from '../../schema/index.ts'
import { raiseFlag, readFlag } from '../../src/control/flag-store.ts'
import { instanceKind } from '../../src/control/instances.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import type { Retirement } from '../../src/jobs/retire.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { archive } from '../../src/stores/mongo/archive.ts'
import { prepareMongo } from '../../src/stores/mongo/connection.ts'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { runCommand } from '../support/run-command.ts'

const Theater: Entity = entities.find(({ name }) => name === 'Theater')!
const hex = (n: number): string => n.toString(16).padStart(24, '0')

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
  const { authority, connection } = opened.stores.mongo
  await prepareMongo(connection, entities)
  const stamp = { epoch: 1, owed: true }
  for (const n of [1, 2, 3]) await authority.create(Theater, newRecord(Theater, hex(n), { theaterId: n }), stamp)
  await authority.delete(Theater, hex(3), stamp)
}, 120_000)
afterAll(() => opened?.close())

const run = (...args: string[]) => runCommand(['retire', ...args], opened.env)
const theaters = () => opened.stores.mongo.connection.db.collection('theaters')
const tombstones = () => opened.stores.mongo.connection.db.collection('_crossfade_tombstones').countDocuments()

async function toStage(stage: Stage): Promise<void> {
  const { mongo, postgres } = opened.stores
  const { flag } = (await readFlag(mongo.ledger, 'Theater'))!
  for (const { ledger } of [mongo, postgres])
    await raiseFlag(ledger, { ...flag, stage, epoch: flag.epoch + 1, revision: flag.revision + 1 })
}

test('a type that is not complete stays, and nothing is touched', { timeout: 60_000 }, async () => {
  const said = await run('Theater', '--remove', '--watch', '1')
  expect(said).toMatchObject({ code: 2, stdout: expect.stringContaining('Theater: stands against it: Theater is off') })
  expect(said.stdout).toContain('MongoDB keeps bookkeeping in 2 documents, 1 tombstones and 3 indexes\n')
  expect(await theaters().countDocuments({ _cf: { $exists: true } })).toBe(2)
})

test('one that somebody writes stays as well', { timeout: 60_000 }, async () => {
  await toStage('complete')
  const writing = setInterval(() => void theaters().updateOne({ theaterId: 1 }, { $inc: { visits: 1 } }), 200)
  const said = await run('Theater', '--watch', '4', '--json').finally(() => clearInterval(writing))
  const [found] = JSON.parse(said.stdout) as Retirement[]
  expect([said.code, found!.unmet]).toEqual([
    2,
    [expect.stringMatching(/^others have made \d+ changes in theaters within 4 s$/)],
  ])
})

test('what comes while the archive is written keeps the rest from going', { timeout: 90_000 }, async () => {
  const file = join(opened.env.CROSSFADE_DATA_DIR, 'first.json')
  const write = () => void (existsSync(file) && theaters().updateOne({ theaterId: 1 }, { $inc: { visits: 1 } }))
  const writing = setInterval(write, 100)
  const said = await run('Theater', '--archive', file, '--remove', '--watch', '3').finally(() => clearInterval(writing))
  expect(said.stderr).toMatch(
    /^Theater: stands against it by now: others have made \d+ changes in theaters within 3 s\. Nothing of it was removed\.$/m,
  )
  expect([said.code, await theaters().countDocuments({ _cf: { $exists: true } })]).toEqual([2, 2])
})

test('a complete type is archived as mongoexport would, and its bookkeeping goes', { timeout: 90_000 }, async () => {
  await theaters().updateOne({ theaterId: 1 }, { $unset: { visits: '' } })
  // What a delete that was cut off has left: it must not come back with its mark
  await theaters().insertOne({ theaterId: 9, _cf: { deleted: true } } as never)
  const values = {
    long: Long.fromString('9007199254740993'),
    double: new Double(5),
    decimal: Decimal128.fromString('19.90'),
    at: new Date('2024-05-01T10:00:00.123Z'),
    bytes: new Binary(Buffer.from('x')),
    clock: new Timestamp({ t: 1, i: 2 }),
    pattern: /^a/i,
    text: 'Łódź "q"\n',
    ordered: new Map([
      ['b', 1],
      ['7', 2],
    ]),
  }
  await theaters().insertOne({ _id: new ObjectId(hex(4)), values } as never)
  const file = join(opened.env.CROSSFADE_DATA_DIR, 'theaters.json')
  const said = await run('Theater', '--archive', file, '--remove', '--watch', '1')
  expect(said).toMatchObject({ code: 0, stderr: expect.stringContaining(`Theater: 3 documents are in ${file}.`) })
  expect(said.stdout).toContain('1 documents that readers leave out go with it')
  const [first, second, third, ...rest] = readFileSync(file, 'utf8').split('\n')
  expect([first, second].map((line) => JSON.parse(line!))).toEqual(
    [1, 2].map((n) => ({ _id: { $oid: hex(n) }, theaterId: { $numberInt: String(n) } })),
  )
  expect(third).toBe(
    `{"_id":{"$oid":"${hex(4)}"},"values":{"long":{"$numberLong":"9007199254740993"},"double":{"$numberDouble":"5.0"},` +
      '"decimal":{"$numberDecimal":"19.90"},"at":{"$date":{"$numberLong":"1714557600123"}},' +
      '"bytes":{"$binary":{"base64":"eA==","subType":"00"}},"clock":{"$timestamp":{"t":1,"i":2}},' +
      '"pattern":{"$regularExpression":{"pattern":"^a","options":"i"}},"text":"Łódź \\"q\\"\\n",' +
      '"ordered":{"b":{"$numberInt":"1"},"7":{"$numberInt":"2"}}}}',
  )
  expect(rest).toEqual([''])
  expect(await theaters().countDocuments({ _cf: { $exists: true } })).toBe(0)
  expect(await theaters().countDocuments()).toBe(3)
  expect(await tombstones()).toBe(0)
  const again = await run('Theater', '--archive', file, '--watch', '1')
  expect(again).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${file} is there already: name a new file.`),
  })
})

test('an archive that is stopped, or cannot be written, is no file of that name', { timeout: 60_000 }, async () => {
  const { connection } = opened.stores.mongo
  const folder = opened.env.CROSSFADE_DATA_DIR
  const file = join(folder, 'cut.json')
  const stopped = archive(connection, Theater, file, { signal: AbortSignal.abort() })
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
  expect(readdirSync(folder).filter((name) => name.startsWith('cut'))).toEqual([])
  writeFileSync(`${file}.part`, 'of one that was killed, or goes on')
  await expect(archive(connection, Theater, file)).rejects.toThrow(
    `${file}.part is there: another archive is being written, or was cut off: remove it then.`,
  )
  expect(readFileSync(`${file}.part`, 'utf8')).toBe('of one that was killed, or goes on')
  rmSync(`${file}.part`)
  expect(await archive(connection, Theater, file)).toEqual({ documents: 3, unsound: 0 })
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(4)
  expect(readdirSync(folder).filter((name) => name.startsWith('cut'))).toEqual(['cut.json'])
})

test('Crossfade leaves MongoDB as it was where a type is off and no gateway runs', { timeout: 120_000 }, async () => {
  expect(await run('all', '--abandon')).toMatchObject({
    code: 2,
    stdout: expect.stringContaining('Theater: stands against it: Theater is complete, and not off'),
  })
  await toStage('off')
  const { ledger, connection } = opened.stores.mongo
  await ledger.compareAndSet(instanceKind, 'pod 7', null, { acknowledged: {}, owed: {}, mappings: {}, alerts: [] })
  expect(await run('all', '--abandon', '--remove')).toMatchObject({
    code: 2,
    stdout: expect.stringContaining('these gateways would write bookkeeping again, stop them: pod 7'),
  })
  await ledger.remove(instanceKind, 'pod 7')
  await theaters().insertOne({ theaterId: 11, _cf: { arriving: { since: new Date(), under: 1 } } } as never)
  expect(await run('Theater', '--abandon', '--remove')).toMatchObject({
    code: 2,
    stdout: expect.stringContaining('1 documents are not revealed yet'),
  })
  await theaters().deleteOne({ theaterId: 11 })
  expect(await run('all', '--abandon', '--archive', 'x.json')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--archive writes one file: name one type.'),
  })
  expect(await run('all', '--abandon', '--remove')).toMatchObject({ code: 0 })
  expect(
    (await theaters().indexes()).filter(({ key }) => Object.keys(key).some((path) => path.startsWith('_cf'))),
  ).toEqual([])
  const left = await connection.db.listCollections().toArray()
  expect(left.filter(({ name }) => name.startsWith('_crossfade'))).toEqual([])
  expect(await theaters().countDocuments()).toBe(3)
})
