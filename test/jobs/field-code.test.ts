import * as crossfade from 'crossfade'
import { expect, test } from 'vitest'
import config from '../../crossfade.config.ts'
import { defineEntity } from '../../src/entity/define-entity.ts'
import type { Fields } from '../../src/entity/field.ts'
import { draftOf, fieldCode, quoted } from '../../src/jobs/field-code.ts'

const { decimal, embed, enumeration, float, int, list, objectId, text, timestamp } = crossfade

const Sample = defineEntity('Sample', {
  mongo: 'samples',
  postgres: 'samples',
  id: objectId(),
  fields: {
    plain: text(),
    all: int({ intPrefix: true, nullIf: ['', '-', 0] })
      .required()
      .at('a.ll')
      .column('a_ll')
      .sensitive()
      .index(),
    made: timestamp({ nullIf: [''], forms: ['text', 'date'] }),
    state: enumeration(['a', "it's", 'line\nbreak', '\u202e']),
    strict: decimal().strict(),
    many: list(text()).childTable('sample_many').index(),
    column: list(float({ nullIf: ['n/a'] })).at('list'),
    orOne: list(text(), { orOne: true }),
    one: text().unique({ nulls: 'one' }),
    other: text().unique(),
    ref: objectId().references('Sample'),
    inner: embed({ when: timestamp().at('t'), deep: embed({ x: int() }) }).at('in.side'),
  },
})

/** The fields that a line of code says. */
const evaluated = (code: string): Fields =>
  new Function(...Object.keys(crossfade), `return { ${code} }`)(...Object.values(crossfade))

test.each([...config.entities, Sample])('the code of each field of $name says what its mapping says', (entity) => {
  const own = [...entity.leaves.values()].filter(({ keys }) => keys.length === 1)
  const fields = Object.assign({}, ...own.map((leaf) => evaluated(fieldCode(leaf.path, draftOf(entity, leaf)))))
  const again = defineEntity('Again', { mongo: 'again', postgres: entity.postgres, id: objectId(), fields })
  expect([...again.leaves.values()]).toEqual(own)
})

test('members of an object are told by their place in it', () => {
  const code = (path: string): string => fieldCode(path.split('.').at(-1)!, draftOf(Sample, Sample.leaves.get(path)!))
  expect(code('inner.when')).toBe("when: timestamp().at('t'),")
  expect(code('inner.deep.x')).toBe('x: int(),')
})

test.each([
  ['plain', "'plain'"],
  ["it's", `"it's"`],
  ['a\nb', '"a\\nb"'],
  ['\u202egnp', '"\\u202egnp"'],
  ['</script>', '"</script>"'],
  ['\\', '"\\\\"'],
])('%j is a literal that says what it is', (value, literal) => {
  expect(quoted(value)).toBe(literal)
  expect(new Function(`return ${literal}`)()).toBe(value)
})
