import { defineEntity, text } from 'crossfade'
import { expect, test } from 'vitest'
import { leafAt } from '../../src/entity/leaf-at.ts'
import { uniqueForms } from '../../src/stores/postgres/unique-forms.ts'
import type { UniqueKey } from '../../src/stores/unique-key.ts'

const paths = ['organisationIdentifier', 'departmentIdentifier', 'employee'] as const
const of = (kind: string) =>
  defineEntity(`Kind${kind}`, {
    mongo: 'assignments',
    postgres: 'assignments',
    id: text(),
    where: { kind },
    fields: { kind: text(), ...Object.fromEntries(paths.map((path) => [path, text()])) },
  })

test.each([150_000, 140_000])(
  'each type of a table has indexes of its own, however long its columns are, in version %d',
  (version) => {
    const names = ['a', 'b'].flatMap((kind) => {
      const entity = of(kind)
      const key = { leaves: paths.map((path) => leafAt(entity, path)), among: [], nulls: 'one' } as unknown as UniqueKey
      return uniqueForms(entity, key, version).map(({ name }) => name)
    })
    expect(names).toHaveLength(version < 150_000 ? 16 : 2)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
  },
)
