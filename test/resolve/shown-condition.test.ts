import { defineEntity, embed, everything, int, list, parseFilter, text, where } from 'crossfade'
import { expect, test } from 'vitest'
import { among } from '../../src/resolve/among.ts'

const Post = defineEntity('Post', {
  mongo: 'posts',
  postgres: 'posts',
  id: int(),
  fields: { owner: text(), words: int(), lines: list(embed({ text: text() })) },
})
const lost = undefined as unknown as string

const refused = {
  code: 'BAD_USER_INPUT',
  message:
    'A condition on Post has a test without a value, or none, and would show more than was meant. Give the value, leave the test out, or say `everything`.',
}

test.each([
  ['without its value', where(Post, { owner: { eq: lost } })],
  ['beside another that has one', where(Post, { owner: { eq: lost }, words: { gt: 5 } })],
  ['of an element', where(Post, { lines: { some: { text: { eq: lost } } } })],
  ['without a test', where(Post, {})],
  ['of a client that asks nothing', parseFilter(Post, { owner: true }, {})],
])('which records a field shows is not said by a condition %s', (_, shown) => {
  expect(() => among(Post, { where: shown as never })).toThrow(expect.objectContaining(refused))
  expect(() => among(Post, { where: shown as never, unscoped: true })).toThrow(refused.message)
})

test.each([null, { owner: { eq: 'me' } }])('a filter that nobody has read is told: %j', (filter) => {
  expect(() => among(Post, { filter: filter as never })).toThrow(
    expect.objectContaining({
      code: 'MISCONFIGURED',
      message: 'A filter on Post is made by parseFilter() or where().',
    }),
  )
})

test('what a client asks besides may ask nothing', () => {
  const own = where(Post, { owner: { eq: 'me' } })
  const mine = { op: 'eq', path: 'owner', value: 'me', insensitive: false }
  expect(among(Post, { where: own, filter: parseFilter(Post, { words: true }, {}) })).toEqual(mine)
  expect(among(Post, { where: own, filter: parseFilter(Post, { words: true }, { words: { gt: 5 } }) })).toEqual({
    op: 'and',
    of: [mine, { op: 'gt', path: 'words', value: 5 }],
  })
  expect(among(Post, { where: everything })).toBe(everything)
})
