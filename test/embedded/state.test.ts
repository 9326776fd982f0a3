import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readState, type ServerState, writeState } from '../../src/embedded/state.ts'

const dir = mkdtempSync(join(tmpdir(), 'crossfade-state-'))
const put = (value: unknown): void => writeFileSync(join(dir, 'stores.json'), JSON.stringify(value))
const known: ServerState = { port: 5432, pid: 7, data: '/data', owner: null, password: 'secret' }

test('what a server was started with is read again', () => {
  writeState(dir, 'postgres', known)
  writeState(dir, 'mongo', { port: 27017, pid: 8, data: '/mongo', owner: 'me', choice: 'mongod' })
  expect(readState(dir, 'postgres')).toEqual({ port: 5432, pid: 7, data: '/data', owner: null, password: 'secret' })
  expect(readState(dir, 'mongo')).toEqual({ port: 27017, pid: 8, data: '/mongo', owner: 'me', choice: 'mongod' })
})

test.each([
  ['null', null],
  ['a list', [known]],
  ['a server without a port', { mongo: { pid: 1, data: '/d', owner: null } }],
  ['a port that is text', { mongo: { ...known, port: '5432' } }],
])('a file of another form counts as none: %s', (_title, value) => {
  put(value)
  expect(readState(dir, 'mongo')).toBeUndefined()
})

test('one server in another form does not lose the password of the other', () => {
  put({ mongo: 'running', postgres: known })
  expect(readState(dir, 'mongo')).toBeUndefined()
  expect(readState(dir, 'postgres')?.password).toBe('secret')
})
