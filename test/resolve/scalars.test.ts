import { makeExecutableSchema } from '@graphql-tools/schema'
import { scalars } from 'crossfade'
import { graphql, printSchema } from 'graphql'
import { expect, test } from 'vitest'

const names = Object.keys(scalars) as (keyof typeof scalars)[]
/** What a resolver got for `value` of a scalar, and what the client sees when it is returned. */
async function echo(name: keyof typeof scalars, literal: string, variable?: unknown) {
  const got: unknown[] = []
  const schema = makeExecutableSchema({
    typeDefs: `scalar ${name} type Query { echo(value: ${name}): ${name} }`,
    resolvers: {
      [name]: scalars[name],
      Query: {
        echo(_: unknown, { value }: { value: unknown }) {
          got.push(value)
          return value
        },
      },
    },
  })
  const source =
    variable === undefined ? `{ echo(value: ${literal}) }` : `query ($value: ${name}) { echo(value: $value) }`
  const { data, errors } = await graphql({ schema, source, variableValues: { value: variable } })
  return errors
    ? { code: errors[0]!.extensions['code'], message: errors[0]!.message }
    : { got: got[0], shown: data!['echo'] }
}

test.each<[keyof typeof scalars, string, unknown, unknown, unknown]>([
  [
    'DateTime',
    '"2024-02-29T01:02:03.004Z"',
    '2024-02-29T01:02:03.004Z',
    new Date(1709168523004),
    '2024-02-29T01:02:03.004Z',
  ],
  ['JSON', '{ a: [1, { b: null }] }', { a: [1, { b: null }] }, { a: [1, { b: null }] }, { a: [1, { b: null }] }],
  ['Decimal', '"0.10"', '0.10', '0.10', '0.10'],
  ['Long', '9007199254740993', '9007199254740993', 9007199254740993n, '9007199254740993'],
  [
    'UUID',
    '"A2B6F5B0-0000-4000-8000-00000000000F"',
    'A2B6F5B0-0000-4000-8000-00000000000F',
    'a2b6f5b0-0000-4000-8000-00000000000f',
    'a2b6f5b0-0000-4000-8000-00000000000f',
  ],
  ['Base64', '"aGk="', 'aGk=', 'aGk=', 'aGk='],
])('%s is the same from a literal and a variable', async (name, literal, variable, got, shown) => {
  expect(await echo(name, literal)).toEqual({ got, shown })
  expect(await echo(name, literal, variable)).toEqual({ got, shown })
})

test.each<[keyof typeof scalars, string, unknown]>([
  ['DateTime', '"yesterday"', 'yesterday'],
  ['DateTime', '1709168523004', 1709168523004],
  ['Decimal', '0.1', 0.1],
  ['Long', '1.5', 1.5],
  ['UUID', '"a2b6"', 'a2b6'],
  ['Base64', '"a"', 'a'],
])('%s refuses %s as the client that sent it can tell', async (name, literal, variable) => {
  expect(await echo(name, literal)).toMatchObject({ code: 'BAD_USER_INPUT' })
  expect(await echo(name, literal, variable)).toMatchObject({
    message: expect.stringContaining('"$value"'),
  })
})

test('each has the name under which it is given out', () => {
  expect(names.map((name) => scalars[name].name)).toEqual(names)
})

test('what SDL says of them is left as it is, and nothing is added', () => {
  const typeDefs = `"""As our clients know it."""
scalar DateTime

scalar Long

scalar UUID @specifiedBy(url: "https://example.org/uuid")

type Query {
  at: DateTime
  count: Long
  id: UUID
}`
  const { DateTime, Long, UUID } = scalars
  expect(printSchema(makeExecutableSchema({ typeDefs, resolvers: { DateTime, Long, UUID } }))).toBe(typeDefs)
})
