import { expect, test } from 'vitest'
import { answerDifferences, showsSomething } from '../../src/replay/answer-differences.ts'
import type { AnswerError } from '../../src/replay/side.ts'
import type { Json } from '../../src/util/json.ts'

const of = (data: Json, ...errors: AnswerError[]) => ({ data, errors })
const movies = (...titles: string[]): Json => ({ movies: { edges: titles.map((title) => ({ node: { title } })) } })

test('answers that a client would see alike do not differ: errors go by code and path, in any order', () => {
  const [one, two] = [
    { code: 'A', path: ['x', 0] },
    { code: 'B', path: ['y'] },
  ]
  expect(answerDifferences(of(movies('a'), one!, two!), of(movies('a'), two!, one!))).toEqual([])
})

test.each<[title: string, a: ReturnType<typeof of>, b: ReturnType<typeof of>, found: object[]]>([
  [
    'a value in a list, once for each path',
    of(movies('a', 'b', 'c')),
    of(movies('a', 'x', 'y')),
    [{ kind: 'value', path: 'movies.edges.node.title', at: 'movies.edges.1.node.title', a: 'b', b: 'x' }],
  ],
  [
    'a list of another length, and nothing inside of it',
    of(movies('a', 'b')),
    of(movies('b')),
    [{ kind: 'value', path: 'movies.edges', at: 'movies.edges', a: '(2 values)', b: '(1 values)' }],
  ],
  ['null and a value', of({ a: null }), of({ a: 0 }), [{ kind: 'value', path: 'a', at: 'a', a: null, b: 0 }]],
  ['null and nothing', of({ a: null }), of({}), [{ kind: 'value', path: 'a', at: 'a', a: null, b: '(missing)' }]],
  ['a number and its text', of({ a: 1 }), of({ a: '1' }), [{ kind: 'value', path: 'a', at: 'a', a: 1, b: '1' }]],
  [
    'the same members in another order',
    of({ j: { x: 1, y: 2 } }),
    of({ j: { y: 2, x: 1 } }),
    [{ kind: 'order', path: 'j', at: 'j', a: ['x', 'y'], b: ['y', 'x'] }],
  ],
  [
    'an error that one side alone has',
    of({ a: null }, { code: 'UNAVAILABLE', path: ['a'] }),
    of({ a: null }),
    [{ kind: 'error', path: 'a', at: 'a', a: 'UNAVAILABLE', b: null }],
  ],
  [
    'another code at one path',
    of(null, { code: 'X', path: [] }),
    of(null, { code: 'Y', path: [] }),
    [{ kind: 'error', path: '', at: '', a: 'X', b: 'Y' }],
  ],
])('what differs is told by path: %s', (_, a, b, found) => {
  expect(answerDifferences(a, b)).toEqual(found)
})

test('an answer shows something where it holds a value that is not null', () => {
  const shows = (data: Json, ignored = '-'): boolean => showsSomething(data, (path) => path !== ignored)
  expect([{ a: null, b: [{ c: null }], d: [] }, null].map((data) => shows(data))).toEqual([false, false])
  expect([{ a: 0 }, { a: [{ b: false }] }].map((data) => shows(data))).toEqual([true, true])
  expect([shows({ a: [{ b: 1 }] }, 'a.b'), shows({ a: [{ b: 1, c: 2 }] }, 'a.b')]).toEqual([false, true])
})
