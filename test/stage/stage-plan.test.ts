import { expect, test } from 'vitest'
import { movesAuthority, STAGE_PLAN } from '../../src/stage/stage.ts'

test('each stage reads, compares and writes as the product promises', () => {
  expect(STAGE_PLAN).toEqual({
    off: { reads: 'mongo', candidate: null, authority: 'mongo', mirror: null },
    dualwrite: { reads: 'mongo', candidate: null, authority: 'mongo', mirror: 'postgres' },
    shadow: { reads: 'mongo', candidate: 'postgres', authority: 'mongo', mirror: 'postgres' },
    live: { reads: 'postgres', candidate: 'mongo', authority: 'postgres', mirror: 'mongo' },
    rampdown: { reads: 'postgres', candidate: null, authority: 'postgres', mirror: 'mongo' },
    complete: { reads: 'postgres', candidate: null, authority: 'postgres', mirror: null },
  })
})

test('only going between shadow and live moves authority, among neighbours', () => {
  expect(movesAuthority('shadow', 'live')).toBe(true)
  expect(movesAuthority('live', 'dualwrite')).toBe(true)
  expect(movesAuthority('off', 'shadow')).toBe(false)
  expect(movesAuthority('live', 'complete')).toBe(false)
})
