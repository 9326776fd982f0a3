import { type DocumentNode, parse, Source } from 'graphql'
import { describe, expect, test } from 'vitest'
import { documentCache } from '../../src/gateway/document-cache.ts'
import { limitsOf } from '../../src/gateway/limits.ts'

const open = (documentCacheBytes: number) => documentCache(limitsOf({ documentCacheBytes }))

/** A valid document of 20 KB and its tokens; no two are alike. */
const large = (n: number): string => `{ ${`f${n}${'x'.repeat(14)} `.repeat(1_000)}}`

function fill(cache: { set(key: string, value: DocumentNode): unknown }, count: number): void {
  for (let n = 0; n < count; n++) cache.set(large(n), parse(large(n)))
}

describe('the cache of documents', () => {
  test('keeps what fits, and forgets what was used longest ago', () => {
    const { documentCache: cache } = open(50_000_000)
    const hot = '{ __typename }'
    cache.set(hot, parse(hot))
    for (let n = 0; n < 1_000; n++) {
      cache.set(large(n), parse(large(n)))
      expect(cache.get(hot)).toBeDefined()
    }
    // 1,002 tokens of 500 bytes, 18 KB of text twice, and what an entry takes itself: 91 fit
    expect(cache.size).toBeLessThan(100)
    expect(cache.size).toBeGreaterThan(80)
    expect(cache.get(large(0))).toBeUndefined()
    expect(cache.get(large(999))).toBeDefined()
  })

  test('leaves out a document that would fill a good part of it', () => {
    const { documentCache: cache } = open(1_000_000)
    fill(cache, 3)
    expect(cache.size).toBe(0)
  })

  test('counts text that is no token', () => {
    const { documentCache: cache } = open(10_000_000)
    const text = `{ a } #${'x'.repeat(300_000)}`
    cache.set(text, parse(text))
    expect(cache.size).toBe(0)
  })

  test('takes a tenth for errors', () => {
    const { errorCache: cache } = open(10_000_000)
    for (let n = 0; n < 1_000; n++) cache.set(`{ ${n} ${'x'.repeat(2_000)}`, new Error(new Source('x').body))
    expect(cache.size).toBeLessThanOrEqual(100)
    expect(cache.size).toBeGreaterThan(80)
    cache.set('x'.repeat(100_000), new Error('long'))
    expect(cache.get('x'.repeat(100_000))).toBeUndefined()
  })
})
