import { Double } from 'mongodb'
import { expect, test } from 'vitest'
import { allPaths, type Unmapped, UnmappedTally } from '../../src/stores/mongo/profile/unmapped.ts'

const lines = ({ path, documents, types, members }: Unmapped): string[] => [
  `${path} ${documents} ${types.map(({ type, count }) => `${type} ${count}`).join(', ')}`,
  ...members.flatMap(lines),
]

test('an object whose keys are data is told as one that has any', () => {
  const tally = new UnmappedTally(allPaths())
  for (let n = 0; n < 200; n++) tally.add('byUser', { [`user ${n}`]: { score: n }, total: n }, n)
  expect(tally.found('').flatMap(lines)).toEqual(['byUser 200 object 200', 'byUser.* 200 object 200'])
})

test('a document counts once, however many elements it has', () => {
  const tally = new UnmappedTally(allPaths())
  tally.add('list', [{ a: new Double(1) }, { a: new Double(2) }, 'x'], 0)
  tally.add('list', [], 1)
  expect(tally.found('').flatMap(lines)).toEqual([
    'list 2 array 2',
    'list[] 1 object 1, string 1',
    'list[].a 1 double 1',
  ])
})

test('memory is bounded: paths past the two thousandth are left out, and so is what is nested deeply', () => {
  const tally = new UnmappedTally(allPaths())
  for (let n = 0; n < 10_000; n++) tally.add(`key ${n}`, n, n)
  expect(tally.found('')).toHaveLength(2_000)
  const deep = new UnmappedTally(allPaths())
  deep.add('a', { b: { c: { d: { e: { f: { g: { h: 1 } } } } } } }, 0)
  expect(deep.found('').flatMap(lines).at(-1)).toBe('a.b.c.d.e.f 1 object 1')
})
