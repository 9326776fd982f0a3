import { boolean, defineEntity, embed, float, int, json, list, text, type Where } from 'crossfade'
import { Decimal128, Long } from 'mongodb'
import { everything } from '../../../src/query/where.ts'
import { scenario } from '../scenario.ts'

const eq = (path: string, value: unknown): Where => ({ op: 'eq', path, value })

export default scenario({
  title:
    'Objects whose members are only asked for, not mapped: json() names the paths that filters and orders may use, each with the kind that counts there',
  entity: defineEntity('Part', {
    mongo: 'parts',
    postgres: 'parts',
    id: int(),
    fields: {
      spec: json({ 'size.cm': int(), 'size.kg': float(), "it's": text(), sold: boolean() }).at('raw.spec'),
      uses: list(embed({ how: json({ by: text() }) })),
    },
  }),
  documents: [
    { _id: 1, raw: { spec: { size: { cm: 5, kg: 0.5 }, "it's": 'Å', sold: true } }, uses: [{ how: { by: 'Ann' } }] },
    { _id: 2, raw: { spec: { size: { cm: 5.5, kg: 5 }, "it's": 7, sold: 'yes' } }, uses: [{ how: 'by' }] },
    { _id: 3, raw: { spec: { size: [{ cm: 5, kg: 1 }], "it's": ['Å'] } } },
    { _id: 4, raw: { spec: 'Å' } },
    { _id: 5, raw: { spec: { size: { cm: Long.fromNumber(2 ** 31), kg: Long.fromNumber(7) }, "it's": 'å' } } },
    { _id: 6, raw: { spec: { size: { cm: Decimal128.fromString('5'), kg: 1e300 }, "it's": 'Å' } } },
    { _id: 7 },
  ],
  records: [
    { id: 1, spec: { size: { cm: 5, kg: 0.5 }, "it's": 'Å', sold: true }, uses: [{ how: { by: 'Ann' } }] },
    { id: 2, spec: { size: { cm: 5.5, kg: 5 }, "it's": 7, sold: 'yes' }, uses: [{ how: 'by' }] },
    { id: 3, spec: { size: [{ cm: 5, kg: 1 }], "it's": ['Å'] }, uses: null },
    { id: 4, spec: 'Å', uses: null },
    { id: 5, spec: { size: { cm: 2 ** 31, kg: 7 }, "it's": 'å' }, uses: null },
    { id: 6, spec: { size: { cm: { $numberDecimal: '5' }, kg: 1e300 }, "it's": 'Å' }, uses: null },
    { id: 7, spec: null, uses: null },
  ],
  finds: [
    { where: eq('spec.size.cm', 5), ids: [1] },
    { where: eq('spec.size.cm', null), ids: [2, 3, 4, 5, 6, 7] },
    { where: { op: 'lt', path: 'spec.size.cm', value: 9 }, ids: [1] },
    { where: { op: 'gte', path: 'spec.size.kg', value: 5 }, ids: [2, 5, 6] },
    { where: { op: 'in', path: 'spec.size.kg', values: [0.5, 7] }, ids: [1, 5] },
    { where: eq("spec.it's", 'Å'), ids: [1, 6] },
    { where: { op: 'eq', path: "spec.it's", value: 'å', insensitive: true }, ids: [1, 5, 6] },
    { where: { op: 'gt', path: "spec.it's", value: 'Z' }, ids: [1, 5, 6] },
    { where: { op: 'not', of: eq("spec.it's", null) }, ids: [1, 5, 6] },
    { where: eq('spec.sold', true), ids: [1] },
    { where: everything, order: [{ path: 'spec.size.cm', direction: 'desc' }], ids: [1, 7, 6, 5, 4, 3, 2] },
    { where: everything, order: [{ path: 'spec.size.kg', direction: 'asc' }], ids: [3, 4, 7, 1, 2, 5, 6] },
    { where: everything, order: [{ path: "spec.it's", direction: 'desc' }], ids: [5, 6, 1, 7, 4, 3, 2] },
    {
      where: everything,
      order: [
        { path: 'spec.sold', direction: 'desc' },
        { path: 'spec.size.kg', direction: 'desc' },
      ],
      ids: [1, 6, 5, 2, 7, 4, 3],
    },
    { where: { op: 'some', path: 'uses', where: eq('how.by', 'Ann') }, ids: [1] },
    { where: { op: 'some', path: 'uses', where: eq('how.by', null) }, ids: [2] },
  ],
})
