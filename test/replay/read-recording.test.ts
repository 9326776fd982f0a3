import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Entry, readRecording } from '../../src/replay/read-recording.ts'
import { headerOf } from '../../src/replay/recording.ts'
import { tokenMark } from '../../src/replay/token.ts'
import { schema } from '../gateway/patients.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crossfade-recording-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const header = JSON.stringify(headerOf(schema, 'a-gateway'))
const at = '2026-11-27T23:00:00.000Z'
const operation = { at, name: 'One', query: '{ wards }', variables: {} }

async function all(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const found: Entry[] = []
  for await (const entry of entries) found.push(entry)
  return found
}

async function read(text: string) {
  const file = join(folder, 'r.jsonl')
  writeFileSync(file, text)
  const entries = await all(readRecording(file))
  return entries.map((each) =>
    each.is === 'problem' ? `${each.place.slice(folder.length + 1)}: ${each.text}` : each.is,
  )
}

const unlike = 'it has members that it should not have, or lacks some.'

test.each<[title: string, line: string, told: string]>([
  [
    'longer than any that a gateway writes',
    JSON.stringify({ ...operation, query: 'x'.repeat(4_100_000) }),
    'it is longer than 4 MB.',
  ],
  ['with a NUL in it', JSON.stringify(operation).replace('One', 'O\0ne'), 'it is no JSON.'],
  ['of bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x81]).toString('latin1'), 'it is no JSON.'],
  ['with a member that there is none of', JSON.stringify({ ...operation, admin: true }), unlike],
  ['that lacks its query', JSON.stringify({ ...operation, query: undefined }), unlike],
  ['whose variables are a list', JSON.stringify({ ...operation, variables: [1] }), unlike],
  ['that counts what nobody counts', JSON.stringify({ at, leftOut: { bribes: 1 } }), unlike],
  ['that counts less than nothing', JSON.stringify({ at, leftOut: { mutations: -1 } }), unlike],
  ['that is a number', '5', unlike],
  ['that is nested without end', '['.repeat(500_000), 'it is no JSON.'],
])('a line %s is told in one sentence, and those around it are read', async (_, line, told) => {
  const good = JSON.stringify(operation)
  expect(await read([header, good, line, good, ''].join('\n'))).toEqual([
    'header',
    'operation',
    `r.jsonl:3: ${told}`,
    'operation',
  ])
})

test('a last line that is cut off is told as that', async () => {
  const good = JSON.stringify(operation)
  expect(await read(`${header}\n${good}\n${good.slice(0, 30)}`)).toEqual([
    'header',
    'operation',
    'r.jsonl:3: it is cut off.',
  ])
})

test.each<[title: string, text: string, told: RegExp]>([
  ['is empty', '', /r\.jsonl: it is empty\.$/],
  ['is of a later format', header.replace('"format":1', '"format":2'), /does not begin as a recording of this version/],
  ['is something else', 'PK\x03\x04\0\0', /does not begin as a recording of this version/],
  ['has lost its first line', JSON.stringify(operation), /does not begin as a recording of this version/],
])('a file that %s is refused', async (_, text, told) => {
  await expect(read(text)).rejects.toThrow(told)
})

test('a file that is not there, and a folder, are told by name', async () => {
  const none = join(folder, 'none.jsonl')
  await expect(all(readRecording(none))).rejects.toThrow(`${none}: there is no such file.`)
  await expect(all(readRecording(folder))).rejects.toThrow(`${folder}: it is a folder.`)
})

test('a token is seen in variables and in the document', async () => {
  const file = join(folder, 't.jsonl')
  const lines = [
    operation,
    { ...operation, variables: { a: [{ b: `${tokenMark}12` }] } },
    { ...operation, query: `{ named(surname: "${tokenMark}12") }` },
  ]
  writeFileSync(file, [header, ...lines.map((each) => JSON.stringify(each))].join('\n'))
  const found = await all(readRecording(file))
  expect(found.map((each) => (each.is === 'operation' ? each.hasToken : null))).toEqual([null, false, true, true])
})
