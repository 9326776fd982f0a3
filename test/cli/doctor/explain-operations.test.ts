import { type GatewayContext, loadAggregate, write } from 'crossfade'
import { GraphQLInt, GraphQLList, GraphQLObjectType, GraphQLSchema, GraphQLString, parse } from 'graphql'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import config from '../../../crossfade.config.ts'
import { entities } from '../../../schema/index.ts'
import { Movie } from '../../../schema/movie.ts'
import { explainOperations } from '../../../src/cli/doctor/explain-operations.ts'
import type { KnownOperation } from '../../../src/cli/doctor/known-operations.ts'
import { limitsOf } from '../../../src/gateway/limits.ts'
import { CrossfadeError } from '../../../src/util/errors.ts'
import { openStores, type TestStores } from '../../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores(entities)
})
afterAll(() => stores.close())

const operation = (name: string, source: string): KnownOperation => ({ name, document: parse(source), given: [{}] })
const movies = operation('Movies', '{ movies(first: 2) { totalCount edges { node { id } } } }')
const app = (limits = {}) => ({ ...config, stores, limits: limitsOf(limits) })

test('operations are asked in empty stores as well, and what they read is told', async () => {
  const { explained, notes, problems } = await explainOperations(app(), [movies], 60_000)
  expect(explained.operations).toBe(1)
  expect(notes.map(({ store, field, found }) => `${store} ${field} ${found}`)).toContain(
    'postgres Query.movies.totalCount reads everything',
  )
  expect(notes.map(({ store, field }) => `${store} ${field}`)).not.toContain('postgres Query.movies')
  expect(problems).toEqual([])
})

test('the filters that are tried are explained and not run', async () => {
  const runs: boolean[] = []
  const watched: TestStores['postgres'] = {
    ...stores.postgres,
    explaining(by) {
      runs.push(by.runs)
      return stores.postgres.explaining(by)
    },
  }
  const filtered = operation('F', 'query ($f: TheaterFilter) { theaters(filter: $f) { edges { node { id } } } }')
  const { notes } = await explainOperations({ ...app(), stores: { ...stores, postgres: watched } }, [filtered], 60_000)
  // As it is; then theaterId by one operator, and three texts by two
  expect(runs).toEqual([true, ...Array.from({ length: 7 }, () => false)])
  // A unique field has its index
  const [note] = notes.filter(({ store }) => store === 'postgres')
  expect(note?.by).toEqual(['city eq', 'city contains', 'state eq', 'state contains', 'street2 eq', 'street2 contains'])
})

test('what the time was not enough for is named, for each store', async () => {
  const { problems } = await explainOperations(app(), [movies, operation('More', '{ genreStats { genre } }')], 0)
  expect(problems).toEqual([
    'mongo: the 0 s were over in Movies, so not all was explained: Movies, More. Run it again, or without that one.',
    'postgres: the 0 s were over in Movies, so not all was explained: Movies, More. Run it again, or without that one.',
  ])
})

test('a statement that its store ends is named with its operation, and the others are explained', async () => {
  const slow = Object.assign(new pg.DatabaseError('canceling statement due to statement timeout', 1, 'error'), {
    code: '57014',
  })
  const postgres: TestStores['postgres'] = {
    ...stores.postgres,
    explaining(by) {
      const source = stores.postgres.explaining(by)
      return { ...source, reader: { ...source.reader, count: () => Promise.reject(slow) } }
    },
  }
  const asked = { ...app(), stores: { ...stores, postgres } }
  const { notes, problems } = await explainOperations(
    asked,
    [movies, operation('More', '{ genreStats { genre } }')],
    60_000,
  )
  const missed = notes.filter(({ found }) => found === 'not reached')
  const why = 'it took longer than a read may, so that its store ended it'
  expect(missed).toMatchObject([{ operation: 'Movies', field: 'movies.totalCount', store: 'postgres', of: [why] }])
  expect(notes.map(({ operation, store }) => `${operation} ${store}`)).toContain('More postgres')
  expect(problems).toEqual([])
})

test('the limits of a request hold', async () => {
  const { notes } = await explainOperations(app({ statements: 1 }), [movies], 60_000)
  const missed = notes.filter(({ found }) => found === 'not reached')
  expect(missed.map(({ store, of }) => [store, of])).toEqual([
    ['mongo', ['its variables are refused (BAD_USER_INPUT)']],
    ['postgres', ['its variables are refused (BAD_USER_INPUT)']],
  ])
})

test('a query that writes is kept from it', async () => {
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({
      name: 'Query',
      fields: {
        visit: {
          type: GraphQLInt,
          extensions: { writes: { entities: [Movie], together: false } },
          resolve: (_, __, context, info) =>
            write(context, info, async (tx) => {
              await tx.of(Movie).create({ title: 'Written' })
              return 1
            }),
        },
        words: { type: new GraphQLList(GraphQLString), resolve: () => [] },
      },
    }),
  })
  const { notes, problems } = await explainOperations(
    { ...app(), schema },
    [operation('Visit', '{ visit words }')],
    60_000,
  )
  expect(notes.map(({ store, field, of }) => [store, field, of])).toEqual([
    ['mongo', 'visit', ['it failed (MISCONFIGURED)']],
    ['postgres', 'visit', ['it failed (MISCONFIGURED)']],
  ])
  expect(problems).toEqual(['No statement of an operation was explained.'])
  expect(await stores.mongo.connection.collection(Movie).countDocuments()).toBe(0)
})

test('operations are asked by whoever the app takes to ask', async () => {
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({
      name: 'Query',
      fields: {
        mine: {
          type: GraphQLString,
          resolve: async (_, __, context: GatewayContext, info) => {
            if (!context.user) throw new CrossfadeError('BAD_USER_INPUT', 'Who are you?')
            const [counted] = await loadAggregate(context, info, Movie, {
              by: [],
              measures: { n: { op: 'count' } },
              limit: 1,
            })
            return String(counted?.measures.n)
          },
        },
      },
    }),
  })
  const asked = { ...app(), schema }
  const mine = operation('Mine', '{ mine }')
  expect((await explainOperations(asked, [mine], 60_000)).explained.statements).toBe(0)
  const user = { name: 'ann', tenant: 'a' }
  const { explained } = await explainOperations({ ...asked, appContext: { user } }, [mine], 60_000)
  expect(explained.statements).toBe(2)
})
