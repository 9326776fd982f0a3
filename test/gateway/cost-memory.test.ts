import fc from 'fast-check'
import {
  MaxIntrospectionDepthRule,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import { describe, expect, test } from 'vitest'
import config from '../../crossfade.config.ts'
import { costs } from '../../src/gateway/cost.ts'
import type { Variables } from '../../src/gateway/given.ts'
import { limitsOf } from '../../src/gateway/limits.ts'
import { seed } from '../property/seed.ts'

const otherwise = new Set([MaxIntrospectionDepthRule, NoUnusedFragmentsRule, NoUnusedVariablesRule])
/** What documents keep here: unused parts and deep introspection change no cost that is remembered. */
const rules = specifiedRules.filter((rule) => !otherwise.has(rule))

const fresh = () => costs(config.schema, config.entities, limitsOf({}))

/** What each request on one document is told, by a counter that remembers, and by one that has never counted. */
function toldOf(query: string, requests: readonly Variables[]) {
  const document = parse(query)
  const remembering = fresh()
  return {
    remembered: requests.map((variables) => remembering(document, undefined, variables)),
    counted: requests.map((variables) => fresh()(document, undefined, variables)),
  }
}

describe('a cost that was counted for other variables is told only where it is the same', () => {
  test('whichever variables the values of others lead to', () => {
    const query = `query Q($n: String!, $x: Boolean!, $z: Boolean!, $p: Int, $q: Int) {
      s: __type(name: $n) { inputFields { name @include(if: $x) } }
      movies(first: $p) { edges { node { comments(first: $p) { edges { node { id } } } } } }
      theaters(first: $q) { totalCount }
      e: __type(name: $n) { enumValues { name @include(if: $z) } }
    }`
    const { remembered } = toldOf(query, [
      { n: 'OrderDirection', x: true, z: true, p: 0, q: 0 },
      { n: 'MovieFilter', x: 100, z: true, p: 0, q: true },
      { n: 'MovieFilter', x: true, z: true, p: 100, q: 0 },
    ])
    expect(remembered.map((cost) => cost?.nodes)).toEqual([0, 0, 10_100])
  })

  test.each<[title: string, query: string, requests: readonly (readonly [value: unknown, cost: number])[]]>([
    [
      'true, the text and the number',
      'query ($v: Boolean!) { movie(id: 1) { id @include(if: $v) title } }',
      [
        ['false', 103],
        [false, 102],
        [0, 103],
        [true, 103],
      ],
    ],
    [
      'a number and its text',
      'query ($v: Int) { movies(first: $v) { edges { node { id } } } }',
      [
        ['100', 142],
        [100, 302],
        [null, 142],
        ['null', 142],
      ],
    ],
    [
      'a type and a list that holds its name',
      'query ($v: String!) { __type(name: $v) { fields { name } } }',
      [
        [['Movie'], 1],
        ['OrderDirection', 2],
        ['PageInfo', 3],
      ],
    ],
  ])('%s', (_, query, requests) => {
    const { remembered } = toldOf(
      query,
      requests.map(([v]) => ({ v })),
    )
    expect(remembered.map((cost) => cost?.cost)).toEqual(requests.map(([, cost]) => cost))
  })

  const name = fc.constantFrom('i0', 'i1', 'b0', 'b1', 'n0')
  const condition = fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    fc
      .tuple(fc.constantFrom('include', 'skip'), fc.constantFrom('$b0', '$b1', 'true', 'false'))
      .map(([directive, value]) => ` @${directive}(if: ${value})`),
  )
  const size = fc.constantFrom('', '(first: $i0)', '(first: $i1)', '(first: 7)')
  const sets = fc.letrec<Record<'movie' | 'comment' | 'type', string>>((tie) => {
    const some = (field: fc.Arbitrary<string>) =>
      fc.array(field, { minLength: 1, maxLength: 4 }).map((fields) => fields.join(' '))
    const leaf = (text: string) => condition.map((given) => `%: ${text}${given}`)
    const below = (text: string, set: fc.Arbitrary<string>) =>
      fc.tuple(condition, set).map(([given, inner]) => `%: ${text}${given} { ${inner} }`)
    const page = (text: string, set: fc.Arbitrary<string>) =>
      fc
        .tuple(size, condition, set)
        .map(([asked, given, inner]) => `%: ${text}${asked}${given} { edges { node { ${inner} } } }`)
    const spread = (fragment: string, type: string, set: fc.Arbitrary<string>) =>
      fc.oneof(
        condition.map((given) => `...${fragment}${given}`),
        fc.tuple(condition, set).map(([given, inner]) => `... on ${type}${given} { ${inner} }`),
      )
    return {
      movie: some(
        fc.oneof(
          { depthSize: 'small' },
          leaf('id'),
          leaf('title'),
          spread('M', 'Movie', tie('movie')),
          page('comments', tie('comment')),
        ),
      ),
      comment: some(
        fc.oneof(
          { depthSize: 'small' },
          leaf('text'),
          below('movie', tie('movie')),
          spread('C', 'Comment', tie('comment')),
        ),
      ),
      type: some(
        fc.oneof(
          { depthSize: 'small' },
          leaf('name'),
          below(
            'fields',
            fc.tuple(condition, tie('type')).map(([given, set]) => `name${given} type { ${set} }`),
          ),
          below('enumValues', leaf('name')),
          below(
            'inputFields',
            fc.tuple(condition, tie('type')).map(([given, set]) => `name${given} type { ${set} }`),
          ),
          below('ofType', tie('type')),
          spread('T', '__Type', tie('type')),
        ),
      ),
    }
  })
  const root = fc.oneof(
    fc
      .tuple(size, condition, sets.movie)
      .map(([asked, given, set]) => `movies${asked}${given} { edges { node { ${set} } } }`),
    fc
      .tuple(condition, sets.movie)
      .map(
        ([given, set]) =>
          `movies(filter: { or: [$f, $f] }, first: $i1)${given} { totalCount edges { node { ${set} } } }`,
      ),
    fc.tuple(condition, sets.type).map(([given, set]) => `__type(name: $n0)${given} { ${set} }`),
  )
  const declared =
    'query ($i0: Int = 3, $i1: Int, $b0: Boolean = true, $b1: Boolean!, $n0: String = "Movie", $f: MovieFilter = {})'
  const noSpread = (set: string) => set.replaceAll(/\.\.\.[MCT]\b( @\w+\(if: [^)]+\))?/g, '__typename')
  const document = fc
    .tuple(fc.array(root, { minLength: 1, maxLength: 4 }), sets.movie, sets.comment, sets.type)
    .map(([roots, movie, comment, type]) => {
      const fragments = `fragment M on Movie { ${noSpread(movie)} } fragment C on Comment { ${noSpread(comment)} } fragment T on __Type { ${noSpread(type)} }`
      const fields = roots.map((each) => `%: ${each}`).join(' ')
      let aliases = 0
      // Each its own, so that no two are the same field with other arguments
      return `${declared} { ${fields} x: __typename @include(if: $b1) } ${fragments}`.replaceAll(
        '%',
        () => `a${aliases++}`,
      )
    })
  const value = fc.constantFrom<unknown>(
    ...[
      true,
      false,
      'true',
      'false',
      0,
      1,
      3,
      100,
      '1',
      null,
      'null',
      undefined,
      'Movie',
      'MovieFilter',
      'OrderDirection',
    ],
    ...[[1], { a: 1 }, [['Movie']], ['Movie'], { or: [{ year: { eq: 1 } }] }],
  )
  const variables = fc
    .array(fc.tuple(fc.oneof(name, fc.constant('f')), value), { maxLength: 6 })
    .map((pairs): Variables => Object.fromEntries(pairs))

  test('of any document and any variables', () => {
    let documents = 0
    fc.assert(
      fc.property(document, fc.array(variables, { minLength: 2, maxLength: 12 }), (query, requests) => {
        expect(validate(config.schema, parse(query), rules)).toEqual([])
        const { remembered, counted } = toldOf(query, requests)
        expect(remembered).toEqual(counted)
        documents++
      }),
      { seed, numRuns: 300 },
    )
    expect(documents).toBe(300)
    console.info(`${documents} documents, seed ${seed}`)
  })
})
