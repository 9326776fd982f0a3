import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { isTold, onChange, startChanges } from '../../console/src/changes.ts'
import { tooMany } from '../admin/too-many.ts'

/** What the gateway sends next, and how often it was asked. */
let [sends, asked] = ['', 0]
let end: () => void

beforeEach(() => {
  asked = 0
  vi.useFakeTimers()
  vi.stubGlobal('location', { hash: '' })
  vi.stubGlobal('sessionStorage', { getItem: () => 'secret' })
  vi.stubGlobal('fetch', async () => {
    asked++
    return new Response(sends)
  })
})
afterEach(() => {
  end()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('past the fiftieth listener a console waits before it asks again', async () => {
  sends = tooMany
  end = startChanges()
  await vi.advanceTimersByTimeAsync(4_900)
  expect([asked, isTold()]).toEqual([1, false])
  await vi.advanceTimersByTimeAsync(200)
  expect(asked).toBe(2)
})

test('behind a stream that has come to its end it asks again at once', async () => {
  sends = ':\n\nevent: next\ndata: {"data":{"changed":"outbox"}}\n\n'
  const heard: string[] = []
  const ends = [onChange(['outbox'], () => heard.push('outbox')), onChange(['types'], () => heard.push('types'))]
  end = startChanges()
  await vi.advanceTimersByTimeAsync(600)
  expect([asked, heard]).toEqual([2, ['outbox', 'outbox']])
  for (const each of ends) each()
})
