import { expect, test } from 'vitest'
import { classify } from '../../src/shadow/classify.ts'
import type { Outcome } from '../../src/shadow/outcome.ts'
import type { Item } from '../../src/stores/store.ts'
import { item, page } from './experiment.ts'

const of = (one: Item): Outcome => {
  const empty = page([])
  return empty.is === 'value' ? empty : { ...empty, lists: new Map([['', [one]]]) }
}

const suspects = async (control: Item, candidate: Item): Promise<unknown[]> => [
  ...(await classify(of(control), of(candidate))).suspects.values(),
]

test('a version that is owed, of content that both stores have, needs no look, whichever store owes it', async () => {
  expect(await suspects(item(['a', 'x', 2], true), item(['a', 'x', 1]))).toEqual([])
  expect(await suspects(item(['a', 'x', 1]), item(['a', 'x', 2], true))).toEqual([])
})

test('of other content, or not owed, it does', async () => {
  const seen = [{ control: '1.2', candidate: '1.1' }]
  expect(await suspects(item(['a', 'y', 2], true), item(['a', 'x', 1]))).toEqual(seen)
  expect(await suspects(item(['a', 'x', 2]), item(['a', 'x', 1]))).toEqual(seen)
})
