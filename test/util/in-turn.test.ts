import { expect, test } from 'vitest'
import { inTurn } from '../../src/util/in-turn.ts'

async function* numbers(most: number): AsyncGenerator<number, void> {
  for (let n = 1; n <= most; n++) yield n
}

/** Work that ends when it is told to. */
function tasks() {
  const begun: number[] = []
  const ends = new Map<number, { resolve: (text: string) => void; reject: (error: Error) => void }>()
  const work = (n: number): Promise<string> => {
    begun.push(n)
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    ends.set(n, { resolve, reject })
    return promise
  }
  return { begun, ends, work }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('so many are worked on side by side, and what came of them is given in their order', async () => {
  const { begun, ends, work } = tasks()
  const results = inTurn(numbers(4), work, 2)
  const first = results.next()
  await settled()
  expect(begun).toEqual([1, 2])
  ends.get(2)!.resolve('two')
  await settled()
  expect(begun).toEqual([1, 2]) // the first is to be given first
  ends.get(1)!.resolve('one')
  expect((await first).value).toBe('one')
  const second = results.next()
  expect((await second).value).toBe('two')
  expect(begun).toEqual([1, 2, 3])
  ends.get(3)!.resolve('three')
  const third = results.next()
  await settled()
  ends.get(4)!.resolve('four')
  expect([(await third).value, (await results.next()).value]).toEqual(['three', 'four'])
  expect((await results.next()).done).toBe(true)
})

test('where one fails, those that have begun are waited for before that is told', async () => {
  const { ends, work } = tasks()
  const results = inTurn(numbers(3), work, 2)
  let told: unknown = null
  const first = results.next().catch((error: unknown) => {
    told = error
  })
  await settled()
  ends.get(1)!.reject(new Error('no room'))
  await settled()
  expect(told).toBeNull()
  ends.get(2)!.resolve('two')
  await first
  expect(told).toEqual(new Error('no room'))
})
