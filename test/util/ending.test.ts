import { expect, test } from 'vitest'
import { Ending } from '../../src/util/ending.ts'

test('an ending tells each listener once, by its reason, and nobody who has left', () => {
  const ending = new Ending()
  const told: unknown[] = []
  function hear(this: AbortSignal, event: Event): void {
    told.push([this.reason, event.type])
    ending.removeEventListener('abort', hear)
  }
  const left = (): void => void told.push('left')
  ending.addEventListener('abort', hear)
  ending.addEventListener('abort', left)
  ending.removeEventListener('abort', left)
  ending.throwIfAborted()
  ending.abort('over')
  ending.abort('again')
  expect(told).toEqual([['over', 'abort']])
  expect([ending.aborted, ending.reason]).toEqual([true, 'over'])
  expect(() => ending.throwIfAborted()).toThrow('over')
})

test('an ending ends with a signal, also one that has ended before', () => {
  const controller = new AbortController()
  const ending = Ending.with(controller.signal)
  expect(ending.aborted).toBe(false)
  controller.abort('left')
  for (const each of [ending, Ending.with(controller.signal), Ending.with(ending)])
    expect([each.aborted, each.reason]).toEqual([true, 'left'])
})
