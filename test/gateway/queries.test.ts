import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { observeQueries, type Seen } from '../support/observe-queries.ts'

let api: TestGateway
let seen: Seen[]
beforeAll(async () => {
  api = await openGateway(3)
  await api.setStage('shadow')
  // The background question whether stored titles and dates are clean is asked before anything is counted
  await api.ask('{ movies(first: 2) { edges { node { comments(first: 1) { edges { node { id } } } } } } }')
  await new Promise((done) => setTimeout(done, 500))
  seen = observeQueries(api.stores)
})
afterAll(() => api.close())

async function reads(query: string, variables?: object): Promise<Seen[]> {
  seen.length = 0
  const text = await api.ask(query, variables)
  expect(text).not.toContain('"errors"')
  return [...seen].map(({ from, fields }) => ({ from, fields: [...fields].sort() }))
}

const nested = `query ($first: Int!) {
  movies(first: $first) { edges { node { title comments(first: 5) { edges { node { text author { name } } } } } } }
}`
const conditional = `query ($withPlot: Boolean!) {
  movies(first: 3) { edges { node { title ...More @include(if: $withPlot) } } }
}
fragment More on Movie { plot imdb { rating } }`

describe.each(['mongo', 'postgres'] as const)('reads answered by %s', (origin) => {
  beforeAll(async () => {
    if (origin === 'postgres') await api.setStage('live')
  })

  test.each([2, 10, 60])(
    '%i parents and their children take one query a level, of what was selected',
    async (first) => {
      expect(await reads(nested, { first })).toEqual([
        { from: 'movies', fields: ['title'] },
        { from: 'comments', fields: ['email', 'text'] },
        { from: 'users', fields: ['name'] },
      ])
    },
  )

  test('a count reads no records, and a page without a count counts nothing', async () => {
    // MongoDB counts the ids, and the few documents that are marked as deleted
    const count = { from: 'movies', fields: [] }
    expect(await reads('{ movies(first: 3) { totalCount } }')).toEqual(origin === 'mongo' ? [count, count] : [])
    expect(await reads('{ movies(first: 3) { edges { node { id } } } }')).toEqual([{ from: 'movies', fields: [] }])
  })

  test('cursors read the keys of the order, and only where they are shown', async () => {
    const page = (shown: string): string =>
      `{ movies(first: 3, orderBy: [{ field: YEAR, direction: DESC }]) { ${shown} } }`
    expect(await reads(page('edges { node { title } }'))).toEqual([{ from: 'movies', fields: ['title'] }])
    expect(await reads(page('edges { cursor node { title } }'))).toEqual([
      { from: 'movies', fields: ['title', 'year'] },
    ])
  })

  test('members of an embedded object are read one by one', async () => {
    const imdb = origin === 'mongo' ? ['imdb.rating'] : ['has_imdb', 'imdb_rating']
    expect(await reads('{ movies(first: 3) { edges { node { imdb { rating } } } } }')).toEqual([
      { from: 'movies', fields: imdb },
    ])
  })

  test('one document reads more or less from request to request, as its variables say', async () => {
    const imdb = origin === 'mongo' ? ['imdb.rating'] : ['has_imdb', 'imdb_rating']
    for (const withPlot of [false, true, false]) {
      expect(await reads(conditional, { withPlot })).toEqual([
        { from: 'movies', fields: withPlot ? [...imdb, 'plot', 'title'].sort() : ['title'] },
      ])
    }
  })
})
