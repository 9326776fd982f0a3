import { parse } from 'graphql'
import { expect, test, vi } from 'vitest'
import config from '../../crossfade.config.ts'
import { costs } from '../../src/gateway/cost.ts'
import * as inputWeights from '../../src/gateway/input-weight.ts'
import { limitsOf } from '../../src/gateway/limits.ts'

vi.mock('../../src/gateway/input-weight.ts', { spy: true })

test('a variable is weighed once for a request, however often it is mentioned', () => {
  const query = (mentions: number) => `query ($f: MovieFilter!, $d: MovieFilter = { title: { eq: "x" } }) {
    movies(filter: { or: [${'$f '.repeat(mentions)} $d $d] }) { totalCount }
  }`
  const ofDemo = costs(config.schema, config.entities, limitsOf({}))
  const weighed = vi.mocked(inputWeights.inputWeight)
  // Two statements and fields, the literal's object and list, the default twice, and of each mention an object and what is in it
  const cost = (mentions: number, weight: number) => ({
    cost: 202 + 5 + 2 * 11 + mentions * weight + Math.floor((5 + 2 * 11 + mentions * weight) / 10),
    nodes: 0,
  })
  for (const mentions of [1, 900]) {
    weighed.mockClear()
    const f = { or: [{ year: { eq: 1 } }] } // three objects, a list and a number
    expect(ofDemo(parse(query(mentions)), undefined, { f })).toEqual(cost(mentions, 17))
    expect(weighed).toHaveBeenCalledTimes(1)
  }
})
