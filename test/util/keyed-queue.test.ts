import { expect, test } from 'vitest'
import { KeyedQueue } from '../../src/util/keyed-queue.ts'

const bounds = { waitMs: 60_000, most: 1_000, refused: () => new Error('refused') }

/** Work that ends when it is told to, and what has begun. */
function works() {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const work = (name: string) => () => {
    begun.push(name)
    return new Promise<string>((resolve) => ends.set(name, () => resolve(name)))
  }
  return { begun, work, end: (name: string) => ends.get(name)!() }
}

test('work of one key runs in the order it came, one at a time, and that of others beside it', async () => {
  const queue = new KeyedQueue()
  const { begun, work, end } = works()
  const first = queue.run('a', bounds, work('first'))
  const second = queue.run('a', bounds, work('second'))
  const other = queue.run('b', bounds, work('other'))
  await expect.poll(() => begun).toEqual(['first', 'other'])
  end('first')
  expect(await first).toBe('first')
  await expect.poll(() => begun).toEqual(['first', 'other', 'second'])
  end('second')
  end('other')
  expect(await Promise.all([second, other])).toEqual(['second', 'other'])
})

test('work that fails is no reason for the next to', async () => {
  const queue = new KeyedQueue()
  const failing = queue.run('a', bounds, () => Promise.reject(new Error('of its own')))
  const next = queue.run('a', bounds, async () => 'done')
  await expect(failing).rejects.toThrow('of its own')
  expect(await next).toBe('done')
})

test('work that waited too long is refused, is never begun, and keeps nobody from a turn', async () => {
  const queue = new KeyedQueue()
  const { begun, work, end } = works()
  const first = queue.run('a', bounds, work('first'))
  await expect(queue.run('a', { ...bounds, waitMs: 1 }, work('late'))).rejects.toThrow('refused')
  const last = queue.run('a', bounds, work('last'))
  end('first')
  await first
  await expect.poll(() => begun).toEqual(['first', 'last'])
  end('last')
  expect(await last).toBe('last')
})

test('no more wait than may', async () => {
  const queue = new KeyedQueue()
  const { begun, work, end } = works()
  const first = queue.run('a', { ...bounds, most: 1 }, work('first'))
  const second = queue.run('a', { ...bounds, most: 1 }, work('second'))
  await expect(queue.run('a', { ...bounds, most: 1 }, work('third'))).rejects.toThrow('refused')
  end('first')
  await first
  await expect.poll(() => begun).toEqual(['first', 'second'])
  end('second')
  await second
})
