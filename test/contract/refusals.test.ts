import {
  defineEntity,
  embed,
  enumeration,
  int,
  json,
  list,
  objectId,
  only,
  reading,
  repeatable,
  text,
  together,
  where,
} from 'crossfade'
import {
  type Builder,
  children,
  connection,
  createBuilder,
  type EntityTypeOptions,
  entityType,
  enumType,
  filterType,
  newInput,
  orderType,
  patchInput,
  record,
  reference,
} from 'crossfade/pothos'
import { describe, expect, test } from 'vitest'
import { checkShown } from '../../src/resolve/check-shown.ts'
import { checkValid } from '../../src/resolve/check-valid.ts'
import { checkWrites, silentMutations } from '../../src/resolve/check-writes.ts'
import { Purse, Transfer } from '../support/purses.ts'

const Movie = defineEntity('Movie', {
  mongo: 'movies',
  postgres: 'movies',
  id: objectId(),
  fields: {
    title: text().required(),
    imdb: embed({ rating: int() }),
    genres: list(text()),
    crew: list(embed({ role: text() })),
    notes: json({ 'by.name': text() }),
  },
})
const Comment = defineEntity('Comment', {
  mongo: 'comments',
  postgres: 'comments',
  id: objectId(),
  fields: { movieId: objectId(), text: text() },
})

function open() {
  const builder = createBuilder()
  const MovieType = entityType(builder, Movie, { embeds: { imdb: 'Imdb', crew: 'Crew' } })
  entityType(builder, Comment)
  return { builder, MovieType }
}

let count = 0

/** As a program without types would say it. */
const wrong = (value: unknown) => value as never

describe('a path that is not there is told when the contract is made, with the nearest', () => {
  const { builder, MovieType } = open()
  const MovieOrder = orderType(builder, Movie, { TITLE: 'title' })
  const field = (make: (t: never) => unknown) => () => {
    builder.objectFields(MovieType, (t) => ({ [`made${count++}`]: make(t as never) }) as never)
    builder.toSchema()
  }
  test.each<[string, () => unknown, string]>([
    [
      'filterType',
      () => filterType(builder, Movie, wrong({ tilte: true })),
      'Movie has no field "tilte". Did you mean "title"?',
    ],
    [
      'filterType, a member',
      () => filterType(builder, Movie, wrong({ crew: { path: 'crew', members: { rloe: true } } })),
      'Movie.crew has no field "rloe". Did you mean "role"?',
    ],
    [
      'filterType, a list',
      () => filterType(builder, Movie, wrong({ crew: { path: 'crwe', members: {} } })),
      'Movie has no list of objects "crwe". Did you mean "crew"?',
    ],
    [
      'filterType, json',
      () => filterType(builder, Movie, wrong({ notes: true })),
      'Movie.notes is json and cannot be filtered.',
    ],
    [
      'orderType',
      () => orderType(builder, Movie, wrong({ A: 'imdb.ratin' })),
      'Movie has no field "imdb.ratin". Did you mean "imdb.rating"?',
    ],
    [
      'orderType, a list',
      () => orderType(builder, Movie, wrong({ A: 'genres' })),
      'Movie cannot be ordered by genres.',
    ],
    [
      'newInput',
      () => newInput(builder, Movie, wrong(['titel']), { name: 'A' }),
      'Movie has no field "titel". Did you mean "title"?',
    ],
    ['patchInput', () => patchInput(builder, Movie, wrong(['x']), { name: 'B' }), 'Movie has no field "x".'],
    [
      'entityType, omit',
      () => entityType(createBuilder(), Movie, { omit: wrong(['imdb.ratings']) }),
      'Movie has no field "imdb.ratings", which `omit` names. Did you mean "imdb.rating"?',
    ],
    [
      'entityType, embeds',
      () => entityType(createBuilder(), Movie, { embeds: wrong({ imbd: 'Imdb' }) }),
      'Movie has no field "imbd", which `embeds` names. Did you mean "imdb"?',
    ],
    [
      'entityType, fields',
      () => entityType(createBuilder(), Movie, { fields: wrong({ titel: { name: 'a' } }) }),
      'Movie has no field "titel", which `fields` names. Did you mean "title"?',
    ],
    [
      'filterType, a name that joins filters',
      () => filterType(builder, Movie, { and: 'title' }),
      'MovieFilter has a field "and", which joins filters. Give it another, such as andValue: \'and\'.',
    ],
    [
      'reading',
      () => reading(Movie, wrong(['titles']), () => null),
      'Movie has no field "titles". Did you mean "title"?',
    ],
    [
      'where',
      () => where(Movie, wrong({ tilte: { eq: 'x' } })),
      'The filter of Movie has no field "tilte". Did you mean "title"?',
    ],
    ['where, a test', () => where(Movie, wrong({ title: { like: 'x' } })), 'Movie.title cannot be asked "like".'],
    [
      'where, a test of a list',
      () => where(Movie, wrong({ genres: { eq: 'x' } })),
      'Movie.genres cannot be asked "eq".',
    ],
    ['where, a test of objects', () => where(Movie, wrong({ crew: { any: {} } })), 'Movie.crew cannot be asked "any".'],
    [
      'children, by',
      field((t) => children(t, Comment, wrong({ by: 'movieid' }))),
      'Comment has no field "movieid". Did you mean "movieId"?',
    ],
    [
      'children, order',
      field((t) => children(t, Comment, wrong({ by: 'movieId', order: { txt: 'asc' } }))),
      'Comment has no field "txt". Did you mean "text"?',
    ],
    [
      'reference, by',
      field((t) => reference(t, Comment, wrong({ of: 'title', by: 'txet' }))),
      'Comment has no field "txet". Did you mean "text"?',
    ],
    [
      'connection, the default order',
      field((t) => connection(t, Movie, { orderBy: MovieOrder, defaultOrder: wrong({ TITEL: 'asc' }) })),
      'MovieOrder has no order "TITEL". Did you mean "TITLE"?',
    ],
    [
      'connection, its direction',
      field((t) => connection(t, Movie, { orderBy: MovieOrder, defaultOrder: wrong({ TITLE: 'ascending' }) })),
      "MovieOrder.TITLE must be 'asc' or 'desc', got ascending.",
    ],
    [
      'filterType, an object',
      () => filterType(builder, Movie, wrong({ imdb: true })),
      'Movie.imdb is an object and no value by itself.',
    ],
    [
      'orderType, a list of objects',
      () => orderType(builder, Movie, wrong({ A: 'crew' })),
      'Movie.crew is a list of objects and no value by itself.',
    ],
    [
      'record, by',
      field((t) => record(t, Comment, { by: wrong('txt') })),
      'Comment has no field "txt". Did you mean "text"?',
    ],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message)
  })
})

test('two objects of other fields cannot share a name', () => {
  const builder = createBuilder()
  const fields = { home: embed({ street: text() }), work: embed({ street: text(), floor: int() }) }
  const Person = defineEntity('Person', { mongo: 'p', postgres: 'p', id: objectId(), fields })
  entityType(builder, Person, { embeds: { home: 'Address', work: 'Address' } })
  builder.queryType({ fields: (t) => ({ person: record(t, Person) }) })
  expect(() => builder.toSchema()).toThrow(
    'Person.work and Person.home are both named Address and show different fields. Give them two names.',
  )
  const alike = createBuilder()
  entityType(alike, Person, { embeds: { home: 'Address', work: 'Address' }, omit: ['work.floor'] })
  alike.queryType({ fields: (t) => ({ person: record(t, Person) }) })
  expect(() => alike.toSchema()).not.toThrow()
})

test('two fields cannot be shown under one name', () => {
  const schemaOf = (fields: EntityTypeOptions<typeof Movie>['fields'] & object) => () => {
    const builder = createBuilder()
    entityType(builder, Movie, { embeds: { imdb: 'Imdb', crew: 'Crew' }, fields })
    builder.queryType({ fields: (t) => ({ movie: record(t, Movie) }) })
    return builder.toSchema()
  }
  const remedy = 'which another field is. Name one of them in `fields`, or omit it.'
  expect(schemaOf({ genres: { name: 'title' } })).toThrow(`Movie.genres would be shown as title, ${remedy}`)
  expect(schemaOf({ id: { name: 'title' } })).toThrow(`Movie.title would be shown as title, ${remedy}`)
  expect(schemaOf({ genres: { name: 'title' }, title: { name: 'id' }, id: { name: '_id' } })).not.toThrow()
})

describe('what cannot be an enumeration of the contract is told', () => {
  const fields = { state: enumeration(['open', 'in work']), size: enumeration(['open', 'shut']), note: text() }
  const Job = defineEntity('Job', { mongo: 'jobs', postgres: 'jobs', id: objectId(), fields })
  const inWork = { 'in work': 'IN_WORK' }
  test.each<[string, (builder: Builder) => unknown, string]>([
    [
      'another kind',
      (builder) => enumType(builder, Job, 'note', { name: 'Note' }),
      'Job.note is no enumeration() of the mapping, and cannot be shown as Note.',
    ],
    [
      'a field that is not there',
      (builder) => enumType(builder, Job, wrong('stat'), { name: 'State' }),
      'Job.stat is no enumeration() of the mapping, and cannot be shown as State.',
    ],
    [
      'a value without a name that GraphQL takes',
      (builder) => enumType(builder, Job, 'state', { name: 'State' }),
      `Job.state: "in work" is no name of GraphQL. Give it one: values: { "in work": 'NAME' }.`,
    ],
    [
      'a name that GraphQL keeps for itself',
      (builder) => enumType(builder, Job, 'state', { name: 'State', values: { ...inWork, open: 'true' } }),
      `Job.state: "true" is no name of GraphQL. Give it one: values: { "open": 'NAME' }.`,
    ],
    [
      'a value that the field does not have',
      (builder) => enumType(builder, Job, 'state', { name: 'State', values: { ...inWork, shut: 'SHUT' } }),
      'Job.state has no value "shut", which State spells.',
    ],
    [
      'two values of one name',
      (builder) => enumType(builder, Job, 'state', { name: 'State', values: { 'in work': 'open' } }),
      'Job.state has two values that State spells open.',
    ],
    [
      'two enumerations of one name',
      (builder) => {
        enumType(builder, Job, 'state', { name: 'State', values: inWork })
        enumType(builder, Job, 'size', { name: 'State' })
      },
      'Job.size is shown as State, which has other values. Give it another name.',
    ],
    [
      'a field that is shown already',
      (builder) => {
        filterType(builder, Job, { state: true })
        enumType(builder, Job, 'state', { name: 'State', values: inWork })
      },
      'Job.state is shown already: call enumType for State before whatever shows the field.',
    ],
  ])('%s', (_, make, message) => {
    expect(() => make(createBuilder())).toThrow(expect.objectContaining({ code: 'MISCONFIGURED', message }))
  })
})

test('a type that no entityType made is told by name', () => {
  const builder = createBuilder()
  builder.queryType({ fields: (t) => ({ movies: connection(t, Movie) }) })
  expect(() => builder.toSchema()).toThrow(
    'Movie has no object type on this builder. Call entityType before, in schema/<type>.ts.',
  )
})

describe('what fields say that they write is checked at start-up', () => {
  const schemaWith = (extensions: object) => {
    const { builder, MovieType } = open()
    builder.queryType({ fields: (t) => ({ a: t.int({ resolve: () => 1 }) }) })
    builder.objectFields(MovieType, (t) => ({ b: t.int({ extensions: wrong(extensions), resolve: () => 1 }) }))
    return builder.toSchema()
  }
  test.each<[string, object, string]>([
    [
      'writes',
      { writes: only(defineEntity('Other', { mongo: 'o', postgres: 'o', id: int(), fields: {} })) },
      'Movie.b writes Other, which is not among the entities.',
    ],
    ['write', { write: only(Movie) }, 'Movie.b has the extension `write`. Did you mean `writes`?'],
    [
      'writes, misspelt',
      { writes: { entity: Movie } },
      'Movie.b: `writes` is neither only(…), nor together(…), nor independent(…).',
    ],
    [
      'writes, together without a group',
      { writes: { entities: [Movie, Comment], together: true } },
      'Movie.b: What is written together has to be of one group, and Movie is of none, Comment is of none. ' +
        'Give them one `group`, or write them `independent`.',
    ],
  ])('%s', (_, extensions, message) => {
    expect(() => checkWrites(schemaWith(extensions), [Movie, Comment])).toThrow(
      expect.objectContaining({ code: 'MISCONFIGURED', message }),
    )
  })
  test('what is written together has to be of one group, wherever it is said', () => {
    expect(() => together(Movie, Comment)).toThrow(expect.objectContaining({ code: 'MISCONFIGURED' }))
    expect(() => together(Purse, Movie)).toThrow('Purse is of group money, Movie is of none')
    expect(together(Purse, Transfer)).toEqual({ entities: [Purse, Transfer], together: true })
    expect(repeatable(together(Movie))).toEqual({ entities: [Movie], together: true, repeatable: true })
  })
  test('what is there passes', () => {
    const extensions = { writes: only(Movie) }
    expect(() => checkWrites(schemaWith(extensions), [Movie, Comment])).not.toThrow()
  })
})

test('mutations that do not say what they write are known by name', () => {
  const { builder } = open()
  builder.queryType({ fields: (t) => ({ a: t.int({ resolve: () => 1 }) }) })
  builder.mutationType({
    fields: (t) => ({
      said: t.int({ extensions: { writes: only(Movie) }, resolve: () => 1 }),
      silent: t.int({ resolve: () => 1 }),
    }),
  })
  expect(silentMutations(builder.toSchema())).toEqual(['silent'])
})

test('a type that the schema shows is among the entities, or refused', () => {
  const { builder } = open()
  builder.queryType({ fields: (t) => ({ movies: connection(t, Movie), comment: record(t, Comment) }) })
  const schema = builder.toSchema()
  expect(() => checkShown(schema, [Movie, Comment])).not.toThrow()
  expect(() => checkShown(schema, [Movie])).toThrow(
    'The schema shows Comment, which is no entity. Name it among the entities of crossfade.config.ts.',
  )
})

test.each([5, [], true, 'x'])('a filter that is %j is no filter, and never all records', (filter) => {
  const { builder } = open()
  const MovieFilter = filterType(builder, Movie, { title: true })
  const refusal = { code: 'BAD_USER_INPUT', message: 'filter: an object is expected.' }
  expect(() => MovieFilter.parse(filter as never)).toThrow(expect.objectContaining(refusal))
  expect(() => where(Movie, filter as never)).toThrow(expect.objectContaining(refusal))
})

test('a schema that graphql-js would refuse at each request is refused at start-up', () => {
  const { builder } = open()
  builder.queryType({ fields: (t) => ({ movies: connection(t, Movie) }) })
  builder.mutationType()
  expect(() => checkValid(builder.toSchema())).toThrow(
    'The schema is not valid: Type Mutation must define one or more fields.',
  )
})
