import { expect, test } from 'vitest'
import { Held } from '../../src/gateway/held.ts'

/** A client with so many bytes, in a room for a million. */
interface Client {
  readonly name: string
  destroy(): void
}

function roomOf(patienceMs: number) {
  const held = new Held<Client>(1_000_000, patienceMs)
  const cut: string[] = []
  const client = (name: string): Client => ({ name, destroy: () => void cut.push(name) })
  const hold = (name: string, bytes: number): Client => {
    const of = client(name)
    held.set(of, bytes)
    return of
  }
  return { held, cut, client, hold }
}

const patient = 60_000

test('large ones leave room for middle ones, and both for small ones', () => {
  const { held, hold } = roomOf(patient)
  hold('a', 300_000)
  hold('b', 300_000)
  expect(held.fits(262_145)).toBe(false)
  expect(held.fits(200_000)).toBe(true)
  hold('c', 200_000)
  expect(held.fits(8_193)).toBe(false)
  expect(held.fits(8_192)).toBe(true)
})

test('middle ones may take what large ones have not, and then there is none for those', () => {
  const { held, hold } = roomOf(patient)
  for (const name of ['a', 'b', 'c']) hold(name, 250_000)
  expect(held.fits(50_000)).toBe(true)
  expect(held.fits(300_000)).toBe(false)
})

test('all together have no more than the room', () => {
  const { held, hold } = roomOf(patient)
  for (let n = 0; n < 122; n++) hold(`${n}`, 8_192)
  expect(held.fits(610)).toBe(false)
  expect(held.fits(500)).toBe(true)
  expect(held.fits(9_000)).toBe(false)
})

test.each([5_000_000, 200_000_000])('what grew to %i bytes takes nothing from smaller ones', (bytes) => {
  const { held, hold } = roomOf(patient)
  hold('a', bytes)
  expect([held.fits(300_000), held.fits(200_000), held.fits(8_000)]).toEqual([false, true, true])
})

test('what one holds is judged by all that it would have, its part not twice', () => {
  const { held, hold } = roomOf(patient)
  hold('a', 500_000)
  const b = hold('b', 90_000)
  expect(held.fits(100_000, b)).toBe(true)
  hold('c', 190_000)
  expect(held.fits(94_000, b)).toBe(true)
  expect(held.fits(111_000, b)).toBe(false)
})

test('of those past their patience the largest is cut off, and no more than needed', () => {
  const { held, cut, hold } = roomOf(0)
  hold('phone', 100_000)
  hold('attacker', 400_000)
  hold('another phone', 150_000)
  expect(held.fits(300_000)).toBe(true)
  expect(cut).toEqual(['attacker'])
})

test('nobody is cut off where that makes no room', () => {
  const { held, cut, client, hold } = roomOf(0)
  held.set(client('attacker'), 500_000, Number.POSITIVE_INFINITY)
  hold('phone', 100_000)
  expect(held.fits(300_000)).toBe(false)
  expect(cut).toEqual([])
})

test('one is not cut off for what it would hold itself', () => {
  const { held, cut, hold } = roomOf(0)
  const growing = hold('growing', 500_000)
  expect(held.fits(700_000, growing)).toBe(false)
  expect(cut).toEqual([])
})

test('who holds for less than the patience is kept', () => {
  const { held, cut, hold } = roomOf(patient)
  hold('a', 600_000)
  expect(held.fits(300_000)).toBe(false)
  expect(cut).toEqual([])
})

test('what is given up makes room', () => {
  const { held, hold } = roomOf(patient)
  const a = hold('a', 600_000)
  held.set(a, 400_000)
  expect([held.fits(300_000), held.fits(200_000)]).toEqual([false, true])
  held.delete(a)
  held.delete(a)
  expect([held.fits(600_000), held.isEmpty]).toEqual([true, true])
})
