import { parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import { documentSize } from '../../src/gateway/document-size.ts'

const sizes = (query: string) => [...documentSize(parse(query)).values()]

describe('the size of a document', () => {
  test.each<[title: string, query: string, depth: number, aliases: number, directives: number]>([
    ['fields inside of fields', '{ a { b { c } } d }', 3, 0, 0],
    ['inline fragments are no level', '{ a { ... on A { b } ... { c { d } } } }', 3, 0, 0],
    ['nor are fragments', '{ a { ...F } } fragment F on A { b { c } }', 3, 0, 0],
    ['introspection has no depth', '{ __schema { types { fields { name } } } }', 0, 0, 0],
    ['what is beside it has', '{ a { b } __schema { types { name } } }', 2, 0, 0],
    ['aliases, of __typename too', '{ x: a { y: __typename z: b } }', 2, 3, 0],
    ['those of introspection', '{ x: __schema { y: types { z: name } } }', 0, 3, 0],
    ['a fragment counts for each spread', '{ ...F ...F } fragment F on Q { x: a @skip(if: true) }', 1, 2, 2],
    ['fragments of fragments', '{ ...F ...F } fragment F on Q { ...G ...G } fragment G on Q { x: a { b } }', 2, 4, 0],
    [
      'directives wherever they stand',
      'query ($v: Int @a @b) @c { a @d ... @e { b } ...F @f } fragment F on Q @g { c }',
      1,
      0,
      7,
    ],
    [
      'fragments that lead in a circle',
      '{ ...F } fragment F on Q { x: a ...G } fragment G on Q { y: b ...F }',
      1,
      2,
      0,
    ],
    ['a fragment that is not there', '{ a ...F }', 1, 0, 0],
  ])('%s', (_, query, depth, aliases, directives) => {
    expect(sizes(query)).toEqual([{ depth, aliases, directives }])
  })

  test('each operation has its own', () => {
    expect(sizes('query A { a } query B { x: a { b } } fragment F on Q { z: c }')).toEqual([
      { depth: 1, aliases: 0, directives: 0 },
      { depth: 2, aliases: 1, directives: 0 },
    ])
  })

  test('fragments that double with each level take no time', () => {
    const levels = Array.from({ length: 300 }, (_, n) => `fragment F${n} on Q { ...F${n + 1} ...F${n + 1} }`)
    const [size] = sizes(`{ ...F0 } ${levels.join(' ')} fragment F300 on Q { x: a }`)
    expect(size?.aliases).toBe(2 ** 300)
  })
})
