import { defineEntity, int, objectId, text } from 'crossfade'
import { expect, test } from 'vitest'
import { everything, type Where } from '../../src/query/where.ts'
import { among } from '../../src/resolve/among.ts'

const shared = { mongo: 'posts', postgres: 'posts', id: objectId() } as const
const fields = { words: int(), state: text() }
const Post = defineEntity('Post', { ...shared, fields })
const Scoped = defineEntity('Post', { ...shared, fields, defaultScope: { state: { eq: 'public' } } })

const eq = (path: string, value: unknown): Where => ({ op: 'eq', path, value })
const inScope = { ...eq('state', 'public'), insensitive: false }
const [upper, lower] = ['5F00000000000000000000AB', '5f00000000000000000000ab']

test.each([
  ['all', Post, {}],
  ['the type’s scope', Scoped, {}],
  ['a field’s own', Post, { where: eq('words', 3) }],
  ['both', Scoped, { where: eq('words', 3) }],
] as const)('stores get values of their kinds alone, whatever is asked of %s', (_, entity, shown) => {
  const wrong = expect.objectContaining({ code: 'BAD_USER_INPUT' })
  expect(() => among(entity, shown, eq('words', 'many'))).toThrow(wrong)
  expect(() => among(entity, { ...shown, where: eq('words', 'many') })).toThrow(wrong)
  expect(JSON.stringify(among(entity, shown, eq('id', upper)))).toContain(lower)
})

test('what is asked stands beside the scope and the field’s own condition', () => {
  expect(among(Post, {})).toBe(everything)
  expect(among(Post, { where: eq('words', 3) })).toEqual(eq('words', 3))
  expect(among(Scoped, {})).toEqual(inScope)
  expect(among(Scoped, { unscoped: true }, eq('words', 1))).toEqual(eq('words', 1))
  expect(among(Scoped, { where: eq('words', 3) }, eq('words', 1))).toEqual({
    op: 'and',
    of: [inScope, eq('words', 3), eq('words', 1)],
  })
})
