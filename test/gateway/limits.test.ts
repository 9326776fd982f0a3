import { describe, expect, test } from 'vitest'
import { limitsOf } from '../../src/gateway/limits.ts'

describe('limits of a config', () => {
  test('have defaults that a real API can live with', () => {
    expect(limitsOf(undefined)).toEqual({
      tokens: 2_000,
      depth: 20,
      aliases: 100,
      directives: 50,
      inputObjects: 20_000,
      cost: 100_000,
      nodes: 25_000,
      listSize: 20,
      statements: 200,
      records: 50_000,
      recordBytes: 60_000_000,
      allRecordBytes: 120_000_000,
      textLength: 2_000,
      bodyBytes: 1_000_000,
      answerBytes: 20_000_000,
      requestBytes: 50_000_000,
      unreadBytes: 64_000_000,
      leastRate: 16_000,
      documentCacheBytes: 50_000_000,
      headersMs: 10_000,
      requestMs: 30_000,
      subscriptions: 5_000,
      answerMs: 25_000,
      reportOnly: false,
    })
  })

  test('are those that it names', () => {
    expect(limitsOf({ depth: 7, aliases: 0 })).toMatchObject({ depth: 7, aliases: 0, tokens: 2_000 })
  })

  test.each<[given: object, problem: string]>([
    [{ depth: -1 }, 'limits.depth: at least 1 is expected'],
    [{ depth: 0 }, 'limits.depth: at least 1 is expected'],
    [{ cost: 1.5 }, 'limits.cost: a whole number is expected'],
    [{ cost: Number.NaN }, 'limits.cost: a whole number is expected'],
    [{ nodes: Number.POSITIVE_INFINITY }, 'limits.nodes: a whole number is expected'],
    [{ tokens: '10' }, 'limits.tokens: a whole number is expected'],
    [{ bodyBytes: null }, 'limits.bodyBytes: a whole number is expected'],
    [{ tokenz: 10 }, 'limits: there is no tokenz. Did you mean "tokens"?'],
    [{ reportOnly: 'yes' }, 'limits.reportOnly: true or false is expected'],
    [{ depth: 0, cost: 0 }, 'limits.depth: at least 1 is expected; limits.cost: at least 1 is expected'],
  ])('%j is told by path', (given, problem) => {
    expect(() => limitsOf(given)).toThrow(`The limits do not fit: ${problem}`)
  })
})
