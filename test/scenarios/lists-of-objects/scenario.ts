import { decimal, defineEntity, embed, int, list, long, text, timestamp } from 'crossfade'
import { Decimal128, Long } from 'mongodb'
import { scenario } from '../scenario.ts'

export default scenario({
  title:
    'Lists of objects: each a row of a child table, or of a json column; order, null or [], and members that the mapping does not name are kept',
  entity: defineEntity('Order', {
    mongo: 'orders',
    postgres: 'orders',
    id: int(),
    fields: {
      lines: list(embed({ sku: text().strict().index(), price: decimal(), parts: list(text()) })).childTable(
        'order_lines',
      ),
      events: list(embed({ _id: long(), at: timestamp(), by: embed({ name: text() }) })).at('log.events'),
    },
  }),
  documents: [
    {
      _id: 1,
      lines: [
        { sku: 'b', price: Decimal128.fromString('12.5'), parts: ['x', ''], colour: 'red' },
        { sku: 'a', depth: { cm: 5 } },
        {},
      ],
      log: {
        events: [
          { _id: Long.fromString('9007199254740993'), at: new Date(-1), by: { name: 'Ann', role: 'cook' } },
          { by: {} },
        ],
        rotated: true,
      },
    },
    { _id: 2, lines: [], log: { events: [] } },
    { _id: 3, lines: null },
    { _id: 4, lines: [{ sku: 5 }, 'none', null], log: { events: { at: new Date(0) } } },
  ],
  records: [
    {
      id: 1,
      lines: [
        { sku: 'b', price: '12.5', parts: ['x', ''] },
        { sku: 'a', price: null, parts: null },
        { sku: null, price: null, parts: null },
      ],
      events: [
        { _id: 9007199254740993n, at: new Date(-1), by: { name: 'Ann' } },
        { _id: null, at: null, by: { name: null } },
      ],
    },
    { id: 2, lines: [], events: [] },
    { id: 3, lines: null, events: null },
    { id: 4, lines: [{ sku: null, price: null, parts: null }], events: null },
  ],
  issues: [
    [4, 'lines.0.sku', 'is not a string'],
    [4, 'lines.1', 'is not an object'],
    [4, 'lines.2', 'is not an object'],
    [4, 'log.events', 'is not a list'],
  ],
  finds: [
    { where: { op: 'some', path: 'lines', where: { op: 'eq', path: 'sku', value: 'a' } }, ids: [1] },
    { where: { op: 'some', path: 'events', where: { op: 'eq', path: '_id', value: 9007199254740993n } }, ids: [1] },
    { where: { op: 'some', path: 'lines', where: { op: 'eq', path: 'sku', value: null } }, ids: [1, 4] },
  ],
})
