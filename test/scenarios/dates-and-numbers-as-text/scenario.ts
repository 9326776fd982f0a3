import { decimal, defineEntity, int, text, timestamp } from 'crossfade'
import { scenario } from '../scenario.ts'

export default scenario({
  title:
    'Dates with offsets and numbers kept as text: text() keeps every character; a date or decimal field reports them',
  entity: defineEntity('Invoice', {
    mongo: 'invoices',
    postgres: 'invoices',
    id: int(),
    fields: { issued: text(), total: text(), paid: timestamp(), tax: decimal() },
  }),
  documents: [
    { _id: 1, issued: '2021-03-28T02:30:00+02:00', total: '0012.50', paid: new Date('2021-04-01T00:00:00Z') },
    { _id: 2, issued: '2021-03-28T00:30:00Z', total: '12.5', paid: '2021-04-01T00:00:00Z', tax: '1.5' },
  ],
  records: [
    {
      id: 1,
      issued: '2021-03-28T02:30:00+02:00',
      total: '0012.50',
      paid: new Date('2021-04-01T00:00:00Z'),
      tax: null,
    },
    { id: 2, issued: '2021-03-28T00:30:00Z', total: '12.5', paid: null, tax: null },
  ],
  issues: [
    [2, 'paid', 'is not a date'],
    [2, 'tax', 'is not a number'],
  ],
  finds: [
    {
      where: { op: 'startsWith', path: 'issued', value: '2021-03-28' },
      order: [{ path: 'issued', direction: 'asc' }],
      ids: [2, 1],
    },
  ],
})
