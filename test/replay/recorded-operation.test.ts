import { buildSchema, parse, validate } from 'graphql'
import { expect, test } from 'vitest'
import config from '../../crossfade.config.ts'
import { OperationRecorder } from '../../src/replay/recorded-operation.ts'
import { hasToken, tokensOf } from '../../src/replay/token.ts'
import { Patient, schema } from '../gateway/patients.ts'

const token = tokensOf(Buffer.from('a key of this test'))
const recorder = new OperationRecorder(schema, [Patient], token)

function recorded(query: string, variables = {}, name?: string) {
  const document = parse(query)
  expect(validate(schema, document)).toEqual([])
  return recorder.record(document, name, variables)
}

const filtered = 'query ($filter: PatientFilter) { patients(filter: $filter) { edges { node { body } } } }'

test.each<[title: string, filter: object, kept: object]>([
  ['a text', { surname: { eq: 'OBRIEN' } }, { surname: { eq: token('OBRIEN') } }],
  ['a number', { ssn: { gt: 123 } }, { ssn: { gt: token(123) } }],
  [
    'a list, and a single value that stands for one',
    { ssn: { in: [1, null], notIn: 2 } },
    { ssn: { in: [token(1), null], notIn: token(2) } },
  ],
  ['a value inside of json', { blood: { eq: 'AB' } }, { blood: { eq: token('AB') } }],
  [
    'a member of a list of objects',
    { visits: { some: { reason: { eq: 'FLU' }, room: { eq: 'R1' } } } },
    { visits: { some: { reason: { eq: token('FLU') }, room: { eq: 'R1' } } } },
  ],
  [
    'what is joined, and only what is sensitive of it',
    { or: [{ not: { surname: { eq: 'X' } } }, { ward: { in: ['EAST', 'WEST'] }, n: { lt: 5 } }] },
    { or: [{ not: { surname: { eq: token('X') } } }, { ward: { in: ['EAST', 'WEST'] }, n: { lt: 5 } }] },
  ],
])('a token stands for a sensitive value in variables and in literals: %s', (_, filter, kept) => {
  expect(recorded(filtered, { filter }).variables).toEqual({ filter: kept })
  const literal = (value: unknown): string => JSON.stringify(value).replaceAll(/"(\w+)":/g, '$1:')
  const inline = (value: object): string => `{ patients(filter: ${literal(value)}) { edges { node { body } } } }`
  const { query } = recorded(inline(filter))
  expect(query.replaceAll(/\s/g, '')).toBe(inline(kept).replaceAll(/\s|,/g, (each) => (each === ',' ? ',' : '')))
})

test('a variable is sensitive where one of its places is, inside of an object as well', () => {
  const query = `query ($a: String = "usual", $b: String) {
    patients(filter: { surname: { eq: $a }, ward: { eq: $a, ne: $b } }) { edges { node { body } } }
  }`
  const { query: kept, variables } = recorded(query, { a: 'OBRIEN', b: 'EAST' })
  expect(variables).toEqual({ a: token('OBRIEN'), b: 'EAST' })
  expect(kept).toContain(`$a: String = "${token('usual')}"`)
})

test('numbers of pages are kept, whoever has made the argument', () => {
  const made = buildSchema('type Query { find(text: String, limit: Int, skip: Int, age: Int, first: [Int]): Int }')
  const own = new OperationRecorder(made, [Patient], token)
  const query = `query ($t: String, $l: Int, $s: Int, $a: Int, $f: [Int]) {
    find(text: $t, limit: $l, skip: $s, age: $a, first: $f) }`
  const { variables } = own.record(parse(query), undefined, { t: 'x', l: 10, s: 20, a: 44, f: [1] })
  expect(variables).toEqual({ t: token('x'), l: 10, s: 20, a: token(44), f: [token(1)] })
})

test('what may be no number of a page is hidden, where it has such a name', () => {
  const made = buildSchema('type Query { find(max: Int, count: Int, size: Int, top: Int): Int }')
  const own = new OperationRecorder(made, [Patient], token)
  const query = 'query ($n: Int) { a: find(max: $n) b: find(count: 7, size: 8, top: 9) }'
  const { query: kept, variables } = own.record(parse(query), undefined, { n: 44 })
  expect(variables).toEqual({ n: token(44) })
  for (const n of [7, 8, 9]) expect(kept).toContain(`: "${token(n)}"`)
})

test('what stands in an argument that no mapping describes is hidden; ids, choices and sizes of the kit are not', () => {
  const { variables } = recorded(
    `query ($s: String!, $n: Int!, $id: Int!, $c: String, $f: Int, $yes: Boolean!) {
      named(surname: $s, n: $n) patient(id: $id) @include(if: $yes) { id }
      patients(after: $c, first: $f) { totalCount }
    }`,
    { s: 'OBRIEN', n: 5, id: 7, c: 'abc', f: 3, yes: true },
  )
  expect(variables).toEqual({
    s: token('OBRIEN'),
    n: token(5),
    id: token(7),
    c: token('abc'),
    f: 3,
    yes: true,
  })
  const ours = new OperationRecorder(config.schema, config.entities, token)
  const { query } = ours.record(
    parse(`{
      user(id: "573a13") { comments(first: 2, after: "xyz") { totalCount } }
      movies(orderBy: { field: TITLE }, first: 3, after: "abc") { totalCount }
      userByEmail(email: "a@b.example") { id }
    }`),
    undefined,
    {},
  )
  expect(query).toContain('user(id: "573a13")')
  expect(query).toContain('comments(first: 2, after: "xyz")')
  expect(query).toContain('movies(orderBy: {field: TITLE}, first: 3, after: "abc")')
  expect(query).toContain(`userByEmail(email: "${token('a@b.example')}")`)
})

test('an API whose mappings mark nothing keeps what it is asked', () => {
  const open = new OperationRecorder(schema, [], token)
  const document = parse('query ($s: String!) { named(surname: $s, n: 1) }')
  expect(open.record(document, undefined, { s: 'OBRIEN' }).variables).toEqual({ s: 'OBRIEN' })
})

test('only the operation that ran is kept: no other, no comment, no fragment and no variable that it does not use', () => {
  const query = `
    # ask OBRIEN
    query One($n: Int) { patients(filter: { n: { eq: $n } }) { ...page } }
    query Two { patients(filter: { surname: { eq: "OBRIEN" } }) { ...other } }
    fragment page on PatientConnection { totalCount }
    fragment other on PatientConnection { totalCount }`
  const { name, query: kept, variables } = recorder.record(parse(query), 'One', { n: 4, more: 'OBRIEN' })
  expect(name).toBe('One')
  expect(variables).toEqual({ n: 4 })
  expect(kept).not.toMatch(/OBRIEN|Two|other/)
  expect(kept).toContain('fragment page')
})

test('tokens are equal for equal values under one key, and tell nothing without it', () => {
  expect(token('a')).toBe(token('a'))
  expect(token('a')).not.toBe(token('b'))
  expect(token('a')).not.toBe(tokensOf(Buffer.from('another key'))('a'))
  expect(hasToken(JSON.stringify({ filter: token('a') }))).toBe(true)
  expect(hasToken('{"filter":"a"}')).toBe(false)
})
