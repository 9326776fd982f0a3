import { defineEntity, embed, int, list, text, timestamp } from 'crossfade'
import { expect, test } from 'vitest'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'

const fields = { name: text(), tags: list(text()).childTable('note_tags'), place: embed({ city: text() }) }
const note = (changed: object = {}, places = { mongo: 'notes', postgres: 'notes' }) =>
  mappingDigest(defineEntity('Note', { ...places, id: text(), fields: { ...fields, ...changed } }))

test('is the same for fields in another order, and where nothing that is stored differs', () => {
  const { place, tags, name } = fields
  const turned = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: text(), fields: { place, tags, name } })
  expect(mappingDigest(turned)).toBe(note())
  expect(note({ name: text().sensitive() })).toBe(note())
})

test.each<[string, object]>([
  ['a field more', { added: int() }],
  ['another kind', { name: int() }],
  ['another path of the document', { name: text().at('title') }],
  ['another column', { name: text().column('title') }],
  ['a strict field', { name: text().strict() }],
  ['a value that means null', { name: text({ nullIf: ['N/A'] }) }],
  ['a list in a column', { tags: list(text()) }],
  ['a list or one value', { tags: list(text(), { orOne: true }).childTable('note_tags') }],
  ['another table of a list', { tags: list(text()).childTable('labels') }],
  ['a member more in an object', { place: embed({ city: text(), zip: text() }) }],
])('differs by %s', (_, changed) => {
  expect(note(changed)).not.toBe(note())
})

test('differs by which values mean null, in any order, and by what is made of texts', () => {
  const named = (...nullIf: string[]) => note({ name: text({ nullIf }) })
  expect(named('N/A', '')).toBe(named('', 'N/A'))
  expect(named('N/A', '')).not.toBe(named('N/A'))
  expect(named()).toBe(note())
  expect(note({ year: int({ intPrefix: true }) })).not.toBe(note({ year: int() }))
  const made = (...forms: ('date' | 'text')[]) => note({ made: timestamp(forms.length > 0 ? { forms } : {}) })
  expect(new Set([made(), made('text', 'date'), made('date', 'text')]).size).toBe(3)
})

test('differs by another collection or table', () => {
  expect(note({}, { mongo: 'memos', postgres: 'notes' })).not.toBe(note())
  expect(note({}, { mongo: 'notes', postgres: 'memos' })).not.toBe(note())
})

test('differs by another group', () => {
  const inGroup = (group?: string) =>
    mappingDigest(
      defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: text(), fields, ...(group ? { group } : {}) }),
    )
  expect(inGroup()).toBe(note())
  expect(new Set([inGroup(), inGroup('one'), inGroup('other')]).size).toBe(3)
})
