import { readFileSync } from 'node:fs'
import { getIntrospectionQuery, parse } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGateway, type TestGateway } from '../support/gateway.ts'

let api: TestGateway
beforeAll(async () => {
  api = await openGateway(5)
})
afterAll(() => api?.close())

interface Answer {
  readonly data?: Record<string, unknown> | null
  readonly errors?: readonly { readonly message: string; readonly extensions: object }[]
  readonly extensions?: object
}

const send = async (body: object, headers: Record<string, string> = {}) =>
  fetch(api.gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
const ask = async (query: string, variables?: object): Promise<Answer> => (await send({ query, variables })).json()

const times = (count: number, part: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => part(n)).join(' ')
const deep = (levels: number): string =>
  `{ movie(id: "573a1390f29313caabcd42e8") ${'{ comments(first: 1) { edges { node { movie '.repeat(levels)} { id } ${'} } } }'.repeat(levels)} }`

describe('past a limit the answer says which, and what to do', () => {
  test.each([
    [
      'tokens',
      `{ ${'__typename '.repeat(1_999)} }`,
      'The query has more than 2000 tokens (limits.tokens). Send a shorter one.',
    ],
    ['depth', deep(5), 'The query is nested more than 20 deep (limits.depth). Ask for fewer levels.'],
    [
      'depth in a fragment',
      `{ ...F } fragment F on Query ${deep(5)}`,
      'The query is nested more than 20 deep (limits.depth). Ask for fewer levels.',
    ],
    [
      'aliases',
      `{ ${times(101, (n) => `a${n}: genreStats { genre }`)} }`,
      'The query has more than 100 aliases (limits.aliases). Send fewer at a time, or ask for a list.',
    ],
    [
      'aliases in a fragment that is spread often',
      `{ ${times(11, () => '...F')} } fragment F on Query { ${times(10, (n) => `a${n}: genreStats { genre }`)} }`,
      'The query has more than 100 aliases (limits.aliases). Send fewer at a time, or ask for a list.',
    ],
    [
      'aliases of __typename',
      `{ ${times(101, (n) => `a${n}: __typename`)} }`,
      'The query has more than 100 aliases (limits.aliases). Send fewer at a time, or ask for a list.',
    ],
    [
      'directives',
      `{ ${times(51, () => '__typename @skip(if: false)')} }`,
      'The query has more than 50 directives (limits.directives). Use fewer.',
    ],
    [
      'objects',
      '{users(first:100){edges{node{comments(first:100){edges{node{movie{comments(first:100){edges{node{author{id}}}}}}}}}}}}',
      'The answer may hold 2020100 objects, and at most 25000 are allowed (limits.nodes). The query costs 3040802, and at most 100000 is allowed (limits.cost). Ask for smaller pages, fewer levels, fields or conditions.',
    ],
    [
      'cost of a long alias',
      `{ movies(first: 100) { edges { node { ${'a'.repeat(60_000)}: id } } } }`,
      'The query costs 120302, and at most 100000 is allowed (limits.cost). Ask for smaller pages, fewer levels, fields or conditions.',
    ],
    [
      'cost of a filter that is sent again for each alias',
      `query ($filter: MovieFilter) { ${times(60, (n) => `a${n}: movies(filter: $filter) { totalCount }`)} }`,
      'The query costs 121320, and at most 100000 is allowed (limits.cost). Ask for smaller pages, fewer levels, fields or conditions.',
    ],
    [
      'cost',
      `{ ${times(90, (n) => `a${n}: movies(first: 100) { ...P }`)} } fragment P on MovieConnection { edges { node { id title year plot runtime rated type poster fullplot genres } } }`,
      'The query costs 108180, and at most 100000 is allowed (limits.cost). Ask for smaller pages, fewer levels, fields or conditions.',
    ],
  ])('%s', async (_, query, message) => {
    const variables = { filter: { or: Array(150).fill({ title: { eq: 'x' } }) } }
    const response = await send({ query, variables }, { accept: 'application/graphql-response+json' })
    expect(response.status).toBe(400)
    const { data, errors } = (await response.json()) as Answer
    expect(data).toBeUndefined()
    expect(errors).toHaveLength(1)
    expect(errors![0]!.message).toBe(message)
    expect(errors![0]!.extensions).toEqual({ code: 'BAD_USER_INPUT' })
    // As clients get it that know no other form
    const plain = await send({ query, variables }, { accept: 'application/json' })
    expect([plain.status, ((await plain.json()) as Answer).errors?.[0]?.message]).toEqual([200, message])
  })
})

describe('just within', () => {
  test.each([
    ['2,000 tokens', `{ movies(filter: { or: [${times(992, () => '{}')}] }) { totalCount } }`],
    ['20 levels', deep(4).replace('{ id }', '{ tomatoes { viewer { rating } } }')],
    ['100 aliases', `{ ${times(100, (n) => `a${n}: __type(name: "Movie") { kind }`)} }`],
    ['50 directives', `{ ${times(50, (n) => `a${n}: __typename @skip(if: false)`)} }`],
  ])('%s', async (_, query) => {
    expect(await ask(query)).not.toHaveProperty('errors')
  })

  test('100 records with 100 each, and one of each of those', async () => {
    const query =
      '{ users(first: 100) { edges { node { id comments(first: 100) { edges { node { id movie { id title } } } } } } } }'
    const answer = (await (await send({ query }, { 'x-crossfade-cost': '1' })).json()) as Answer
    expect(answer).not.toHaveProperty('errors')
    expect(answer.extensions).toHaveProperty('cost.nodes', 20_100)
  })

  test('introspection, as clients send it', async () => {
    const options = {
      descriptions: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    }
    const { data, errors } = await ask(getIntrospectionQuery(options))
    expect(errors).toBeUndefined()
    expect(Object.keys(data!)).toEqual(['__schema'])
  })

  test('what clients are known to send', async () => {
    const source = readFileSync(new URL('../../schema/operations/clients.graphql', import.meta.url), 'utf8')
    const names = parse(source).definitions.flatMap((each) =>
      each.kind === 'OperationDefinition' ? [each.name!.value] : [],
    )
    expect(names.length).toBeGreaterThanOrEqual(9)
    for (const operationName of names) {
      const response = await send(
        { query: source, operationName, variables: { first: 100 } },
        { 'x-crossfade-cost': '1' },
      )
      const { errors, extensions } = (await response.json()) as Answer
      expect(
        errors?.map(({ message }) => message).filter((text) => /cost|tokens|deep|aliases/.test(text)) ?? [],
      ).toEqual([])
      expect(extensions).toHaveProperty('cost.limit', 100_000)
    }
  })
})

describe('the header x-crossfade-cost', () => {
  const query = '{ movies(first: 2) { edges { node { id } } } }'

  test('adds the cost to the answer, and changes nothing without it', async () => {
    const plain = await (await send({ query })).text()
    const { extensions, ...rest } = (await (await send({ query }, { 'x-crossfade-cost': '1' })).json()) as Answer
    expect(extensions).toEqual({ cost: { asked: 106, limit: 100_000, nodes: 2, nodesLimit: 25_000 } })
    expect(JSON.stringify(rest)).toBe(plain.trim())
  })

  test('tells it of a refused query, too', async () => {
    const large =
      '{ users(first: 100) { edges { node { comments(first: 100) { edges { node { author { id } movie { id } } } } } } } }'
    const answer = (await (await send({ query: large }, { 'x-crossfade-cost': '1' })).json()) as Answer
    expect(answer.errors).toHaveLength(1)
    expect(answer.extensions).toHaveProperty('cost.nodes', 30_100)
  })
})
