import { expect, onTestFinished, test } from 'vitest'
import { Pulse } from '../../src/admin/api/pulse.ts'

interface Listening {
  readonly heard: string[]
  end(): Promise<unknown>
}

function listen<T extends string>(pulse: Pulse<T>, ...topics: T[]): Listening {
  const events = pulse.listen(topics)
  const heard: string[] = []
  const run = async (): Promise<void> => {
    for await (const topic of events) heard.push(topic)
  }
  void run()
  const end = async () => events.return?.()
  onTestFinished(async () => void (await end()))
  return { heard, end }
}

const soon = { timeout: 20_000 }

test('who listens hears of their own topics, once for each change, and of what cannot be looked at', async () => {
  const marks: { a: unknown; b: unknown; looks: number } = { a: 1, b: 1, looks: 0 }
  const pulse = new Pulse({
    a: async () => {
      marks.looks++
      if (marks.a instanceof Error) throw marks.a
      return marks.a
    },
    b: async () => marks.b,
  })
  const [one, both] = [listen(pulse, 'a'), listen(pulse, 'a', 'b')]
  const looked = async (): Promise<void> => {
    const { looks } = marks
    await expect.poll(() => marks.looks, soon).toBeGreaterThan(looks + 1)
  }
  await looked()
  expect([one.heard, both.heard]).toEqual([[], []])
  marks.b = 2
  await looked()
  marks.a = { more: [1] }
  await looked()
  marks.a = new Error('the store is down')
  await looked()
  expect([one.heard, both.heard]).toEqual([
    ['a', 'a'],
    ['b', 'a', 'a'],
  ])
})

test('for nobody nothing is looked at, and who comes then hears of what changes from then on', async () => {
  let looks = 0
  let mark = 1
  const pulse = new Pulse({
    a: async () => {
      looks++
      return mark
    },
  })
  const first = listen(pulse, 'a')
  await expect.poll(() => looks, soon).toBe(1)
  await first.end()
  mark = 2
  const second = listen(pulse, 'a')
  await expect.poll(() => looks, soon).toBeGreaterThan(3)
  expect(second.heard).toEqual([])
  await second.end()
})

test('so many may listen, and the next one when one has left', async () => {
  const pulse = new Pulse({ a: async () => 1 })
  const listening = Array.from({ length: 50 }, () => listen(pulse, 'a'))
  await Promise.resolve()
  expect(() => pulse.listen(['a'])).toThrow('50 listen already')
  await listening[0]!.end()
  listen(pulse, 'a')
})
